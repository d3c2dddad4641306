#pragma once

// What every backend does with a connection that it has accepted.

#include <new>

#include "sprocket/platform/backend.h"

namespace sprocket::platform {

// Tells the handler of the stream that make() returns a pointer to, as ListenerHandler::onAccept()
// promises; `noMemory` is why, if there is none for it.
template <class Make>
void tellOfConnection(ListenerHandler& handler, SysError noMemory, Make make) {
  decltype(make()) stream = nullptr;
  try {
    stream = make();
    stream->setHandler(handler.onAccept(*stream));
  } catch (const std::bad_alloc&) {
    if (stream != nullptr) stream->close();  // nobody's: it has no handler
    return handler.onDrop(1, noMemory);
  } catch (...) {
    if (stream != nullptr) stream->close();
    throw;
  }
  stream->tellAccepted();
}

}  // namespace sprocket::platform
