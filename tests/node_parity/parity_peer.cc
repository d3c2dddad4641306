// Runs one half of scenarios, one after another, on Sprocket; parity_peer.js does on Node.
//
//   parity_peer server|client|alone tcp|path FOLDER NOBODY SCENARIO...
//
// FOLDER has a folder for each scenario, in which the halves meet; nobody listens on the port
// NOBODY of 127.0.0.1. Without arguments it tells the names of all scenarios. See parity_test.cc.

#include <chrono>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>

#include "sprocket/tests/node_parity/parity.h"

using namespace sprocket;
using namespace parity;

namespace {

struct Request {
  std::string_view half;
  std::string_view venue;
  std::string folder;
  int nobody;
};

Place placeOf(const Scenario& scenario, const Request& request) {
  Place place{.nobody = request.nobody,
              .folder = request.folder + "/" + std::string(scenario.name)};
  if (request.venue == "path") {
    place.path = place.folder + "/socket";
  } else {
    place.port = 0;
    if (request.half == "client") std::ifstream(place.folder + "/place") >> *place.port;
  }
  return place;
}

// A client waits for its server.
void awaitServer(const Scenario& scenario, const Request& request) {
  const auto place = std::filesystem::path(request.folder) / scenario.name / "place";
  while (!exists(place)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// As a Node program whose listener for 'uncaughtException' traces it.
void runLoop() {
  for (;;) {
    try {
      reactor::run();
      return;
    } catch (const Error& error) {
      trace("uncaught", error);
    } catch (const std::exception& error) {
      trace("uncaught", error.what());
    }
  }
}

void run(const Scenario& scenario, const Request& request) {
  trace(":begin", scenario.name);
  if (request.half == "client") awaitServer(scenario, request);
  const Place place = placeOf(scenario, request);
  name(place.nobody, "NOBODY");
  name(place.folder, "FOLDER");
  if (request.half == "client" && place.port) name(*place.port, "PLACE");
  (request.half == "client" ? scenario.client : scenario.server)(place);
  runLoop();
  trace("exit");
  trace(":end", scenario.name);
  runAfterwards();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    for (const Scenario& each : scenarios()) trace(each.name);
    return 0;
  }
  const Request request{argv[1], argv[2], argv[3], std::atoi(argv[4])};
  for (int i = 5; i < argc; ++i) {
    for (const Scenario& each : scenarios()) {
      if (each.name == argv[i]) run(each, request);
    }
  }
}
