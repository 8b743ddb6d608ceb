#include <cocaine/worker.hpp>

int main() {
  cocaine::worker w;
  w.on("event", [](cocaine::request& in) { return in.bytes(); });
  return w.run();
}
