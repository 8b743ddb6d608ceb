import { library } from "../../tsup.base.ts";

export default library({ entry: { cocained: "src/cocained.ts", cocaine: "src/cocaine.ts" }, dts: false });
