import type { DriverContext, JobHandle, JobRequest, ResponseSink } from "@cocaine/core/plugin";

/** Triggers a job, and calls `over` once when it has ended, whichever way, and its sink knows. */
export function triggerCounted(
  trigger: DriverContext["trigger"],
  request: JobRequest,
  sink: ResponseSink,
  over: () => void,
): JobHandle {
  let running = true;
  const settle = () => {
    if (!running) return;
    running = false;
    over();
  };
  const handle = trigger(request, {
    write: (chunk) => sink.write(chunk),
    end() {
      sink.end();
      settle();
    },
    fail(error) {
      sink.fail(error);
      settle();
    },
    drain: () => sink.drain?.(),
  });
  return {
    id: handle.id,
    write: (chunk) => handle.write(chunk),
    end: () => handle.end(),
    resume: () => handle.resume(),
    cancel(reason) {
      handle.cancel(reason);
      settle();
    },
  };
}
