#include "sprocket/platform/windows/pipe_stream.h"

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include "sprocket/platform/windows/iocp_backend.h"
#include "sprocket/platform/windows/pipe_name.h"

namespace sprocket::platform {
namespace {

constexpr std::size_t kBufferSize = 64 * 1024;

// One write is over only when all of it is in the pipe, so pieces tell of progress sooner.
constexpr std::size_t kBytesPerWrite = 64 * 1024;

// All instances of a pipe can be taken for a moment. Windows' own wait for one blocks, and promises
// nothing: another client may be faster. So opening is tried again, every so often and for so long.
constexpr std::chrono::milliseconds kBusy{10};
constexpr std::chrono::seconds kPatience{30};

// After our end, how long a peer that may not know of it has to send something; and after a close,
// how long it has to read what was taken.
constexpr std::chrono::seconds kSilence{1};

// How overlapped calls of pipes began: 0 if a packet will tell, or the error.
int begun(bool succeeded) {
  if (succeeded) return 0;
  const DWORD error = ::GetLastError();
  // Of a message that is longer than the buffer the rest comes with the next read.
  return error == ERROR_IO_PENDING || error == ERROR_MORE_DATA ? 0 : static_cast<int>(error);
}

bool isPeerGone(int error) { return error == ERROR_NO_DATA || error == ERROR_BROKEN_PIPE; }

}  // namespace

PipeStream::PipeStream(IocpBackend& backend, Handle pipe, State state, bool isServer, Endpoint path,
                       StreamHandler* handler)
    : Channel(backend),
      pipe_(std::move(pipe)),
      path_(std::move(path)),
      handler_(handler),
      buffer_(new std::byte[kBufferSize]),
      state_(state),
      isServer_(isServer) {}

// Connecting.

PipeStream& PipeStream::connect(IocpBackend& backend, const Endpoint& remote,
                                StreamHandler& handler) {
  auto* stream = new PipeStream(backend, Handle(), State::connecting, false, remote, &handler);
  stream->openUntil_ = backend.now() + kPatience;
  stream->tryToOpen();
  return *stream;
}

// Takes no time: a pipe is of this machine. The server may know who we are, but not act as us.
void PipeStream::tryToOpen() {
  DWORD error = ERROR_ACCESS_DENIED;
  try {
    if (const auto name = path_.isLocal() ? pipeName(path_.path()) : std::nullopt) {
      pipe_ = Handle(syscalls::openPipe(
          name->c_str(), FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION));
      error = pipe_ ? ERROR_SUCCESS : ::GetLastError();
    }
  } catch (const std::bad_alloc&) {
    error = ERROR_NOT_ENOUGH_MEMORY;
  }
  if (error == ERROR_PIPE_BUSY) {
    const Instant now = backend_.now();
    if (now < openUntil_) return backend_.retries().callAt(*this, now + kBusy);
  }
  outcome_ = {pipeError(error), Operation::connect};
  if (!outcome_) outcome_ = backend_.associate(pipe_.get(), Operation::connect);
  outcomeKnown_ = true;
  tellLater();
}

void PipeStream::finishConnecting(SysError error) {
  outcomeKnown_ = false;
  state_ = error ? State::dead : State::connected;
  if (!error) onOpened();
  handler_->onConnect(error);
}

PipeStream& PipeStream::accepted(IocpBackend& backend, Handle pipe, const Endpoint& local) {
  auto* stream = new PipeStream(backend, std::move(pipe), State::connected, true, local, nullptr);
  stream->onOpened();
  return *stream;
}

void PipeStream::tellAccepted() {
  if (state_ == State::connected) handler_->onConnect({});
}

void PipeStream::onOpened() {
  DWORD flags = 0;
  carriesMark_ = ::GetNamedPipeInfo(pipe_.get(), &flags, nullptr, nullptr, nullptr) &&
                 (flags & PIPE_TYPE_MESSAGE) != 0;
  DWORD mode = PIPE_READMODE_MESSAGE;
  if (carriesMark_ && !isServer_) {
    carriesMark_ = ::SetNamedPipeHandleState(pipe_.get(), &mode, nullptr, nullptr) != FALSE;
  }
  readMore();
}

// What packets tell.

void PipeStream::onPacket(OverlappedCall& call, std::size_t count) {
  int error = call.outcomeOf(pipe_.get());
  if (error == ERROR_MORE_DATA) error = 0;
  if (&call == &writeCall_) return onSent(error, count);
  onRead(error, count);
}

void PipeStream::readMore() {
  if (state_ != State::connected || outcomeKnown_ || !receiving_ || receiveEnded_) return;
  if (readCall_.inFlight || isRead_) return;
  const int error = begin(readCall_, [this](OVERLAPPED& call) {
    return begun(syscalls::read(pipe_.get(), buffer_.get(), kBufferSize, &call) != FALSE);
  });
  if (error == 0) return;
  isRead_ = true;
  readError_ = error;
  readCount_ = 0;
  tellLater();
}

void PipeStream::onRead(int error, std::size_t count) {
  isRead_ = true;
  readError_ = error;
  readCount_ = count;
  if (receiving_) deliver();
}

void PipeStream::deliver() {
  isRead_ = false;
  if (state_ != State::connected || outcomeKnown_ || receiveEnded_) return;
  if (readError_ == ERROR_BROKEN_PIPE) return endReceiving();
  if (readError_ != 0) return fail({readError_, Operation::read});
  const struct GoOn {  // also if the handler throws
    PipeStream& stream;
    ~GoOn() { stream.readMore(); }
  } goOn{*this};
  if (readCount_ > 0) {
    if (std::exchange(isSilent_, false) || isBackingOff()) awaitSilence();
    handler_->onReceive({buffer_.get(), readCount_});
  } else if (carriesMark_) {
    endReceiving();
  }
}

void PipeStream::endReceiving() {
  giveUp();
  receiveEnded_ = true;
  if (brokenBy_ != 0) failLater({brokenBy_, Operation::write});
  handler_->onReceiveEnd();
}

// The next piece of the send in flight: never an empty one, which would be taken for the end.
void PipeStream::sendSome() {
  const Bytes rest = sending_.first();
  const int error = write(writeCall_, rest.first(std::min(rest.size(), kBytesPerWrite)));
  if (error != 0) failWriting(error);
}

// The peer may have said something before it went, which is received first.
void PipeStream::failWriting(int error) {
  if (isPeerGone(error) && receiving_ && !receiveEnded_) {
    brokenBy_ = error;
  } else {
    failLater({error, Operation::write});
  }
}

int PipeStream::write(OverlappedCall& call, Bytes bytes) {
  return begin(call, [&](OVERLAPPED& overlapped) {
    const auto size = static_cast<DWORD>(bytes.size());
    return begun(syscalls::write(pipe_.get(), bytes.data(), size, &overlapped) != FALSE);
  });
}

// Behind all bytes. Where there is none, or nobody to take it, the end is the close.
void PipeStream::sendMark() {
  if (!carriesMark_) return awaitEnd();
  const int error = write(writeCall_, {});
  if (error != 0) failMarking(error);
}

void PipeStream::failMarking(int error) {
  isPeerGone(error) ? awaitEnd() : failLater({error, Operation::shutdown});
}

// Our end is as far as it goes.
void PipeStream::awaitEnd() {
  if (!receiveEnded_ && !goesOn_) awaitSilence();
}

void PipeStream::onSent(int error, std::size_t count) {
  const bool wasTaken = takenBegin_ < takenWriting_;
  takenBegin_ = takenWriting_;
  if (!hasTaken()) takenBegin_ = takenWriting_ = takenEnd_ = 0;
  // A failure was waiting for the kernel to be done with the bytes.
  if (outcomeKnown_) return fail(outcome_);
  if (state_ != State::connected) return;
  if (error != 0) {
    return sendEnded_ && !wasTaken ? failMarking(error) : failWriting(error);
  }
  if (wasTaken) {
    if (hasTaken()) return writeTaken();
    if (!sending_.empty()) return sendSome();
    if (sendEnded_) sendMark();
    return;
  }
  if (sendEnded_) return awaitEnd();
  sending_.advance(count);
  // Before the handler, which may throw: what is left goes on.
  if (!sending_.empty()) sendSome();
  handler_->onSend(count);
}

// What the owner asks for.

void PipeStream::startReceiving() {
  receiving_ = true;
  if (isRead_ && state_ == State::connected) {
    tellLater();
  } else {
    readMore();
  }
}

// What is being read may still come; it is looked at when receiving starts again.
void PipeStream::stopReceiving() {
  receiving_ = false;
  if (brokenBy_ != 0 && !receiveEnded_) failLater({brokenBy_, Operation::write});
}

std::size_t PipeStream::trySend(std::span<const Bytes> slices) {
  if (state_ != State::connected || outcomeKnown_ || brokenBy_ != 0 || sendEnded_) return 0;
  assert(sending_.empty());
  if (taken_ == nullptr) taken_.reset(new (std::nothrow) std::byte[kBytesPerWrite]);
  if (taken_ == nullptr) return 0;
  const std::size_t before = takenEnd_;
  for (const Bytes slice : slices) {
    const std::size_t size = std::min(slice.size(), kBytesPerWrite - takenEnd_);
    std::copy_n(slice.data(), size, taken_.get() + takenEnd_);
    takenEnd_ += size;
  }
  const std::size_t count = takenEnd_ - before;
  if (count > 0 && !writeCall_.inFlight) writeTaken();
  return outcomeKnown_ || brokenBy_ != 0 ? 0 : count;
}

void PipeStream::writeTaken() {
  takenWriting_ = takenEnd_;
  const int error = write(writeCall_, {taken_.get() + takenBegin_, takenWriting_ - takenBegin_});
  if (error != 0) failWriting(error);
}

void PipeStream::send(std::span<const Bytes> slices) {
  if (state_ != State::connected || outcomeKnown_) return;
  assert(sending_.empty());
  sending_.set(slices);
  if (!sending_.empty() && !writeCall_.inFlight && brokenBy_ == 0) sendSome();
}

void PipeStream::shutdownSend(bool receiveGoesOn) {
  if (state_ != State::connected || outcomeKnown_ || sendEnded_) return;
  assert(sending_.empty());
  sendEnded_ = true;
  goesOn_ = receiveGoesOn && carriesMark_;
  if (!writeCall_.inFlight && brokenBy_ == 0) sendMark();
}

void PipeStream::awaitSilence() { backend_.retries().callAt(*this, backend_.now() + kSilence); }

// The time is up: of waiting for a free instance, for a word of the peer's, or for it to read. Who
// is not receiving cannot know whether there was a word.
void PipeStream::retry() {
  if (state_ == State::connecting) return tryToOpen();
  if (state_ == State::closed) {
    ::CancelIoEx(pipe_.get(), nullptr);
    return;
  }
  if (!receiving_) return awaitSilence();
  isSilent_ = true;
  tellLater();
}

void PipeStream::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  giveUp();
  sending_.clear();
  closed();
  if (hasTaken() && writeCall_.inFlight) {
    // As on a socket, what was taken reaches the peer all the same, if it reads.
    if (readCall_.inFlight) ::CancelIoEx(pipe_.get(), &readCall_);
    if (takenWriting_ < takenEnd_) {
      write(lastCall_, {taken_.get() + takenWriting_, takenEnd_ - takenWriting_});
    }
    return awaitSilence();
  }
  if (readCall_.inFlight || writeCall_.inFlight) ::CancelIoEx(pipe_.get(), nullptr);
  pipe_.reset();  // the peer still reads what is in the pipe
}

Endpoint PipeStream::localEndpoint() const {
  return state_ == State::connected && isServer_ ? path_ : Endpoint{};
}

Endpoint PipeStream::remoteEndpoint() const {
  return state_ == State::connected && !isServer_ ? path_ : Endpoint{};
}

// Failing and closing.

// Inside wait(). A write in flight is cancelled and reaped first: the handler may free the bytes.
void PipeStream::fail(SysError error) {
  if (!sending_.empty() && writeCall_.inFlight) {
    outcome_ = error;
    outcomeKnown_ = true;
    ::CancelIoEx(pipe_.get(), &writeCall_);
    return;
  }
  state_ = State::dead;
  outcomeKnown_ = false;
  sending_.clear();
  giveUp();
  handler_->onError(error);
}

// Inside a call: the stream does nothing more, and the handler is told by wait().
void PipeStream::failLater(SysError error) {
  outcome_ = error;
  outcomeKnown_ = true;
  tellLater();
}

void PipeStream::tell() {
  if (state_ == State::closed) {
    const std::unique_ptr<PipeStream> last(this);  // gone even if the handler throws
    if (handler_ != nullptr) handler_->onClose();
    return;
  }
  if (outcomeKnown_) {
    return state_ == State::connecting ? finishConnecting(outcome_) : fail(outcome_);
  }
  if (receiving_ && isRead_) return deliver();
  if (receiving_ && isSilent_ && !receiveEnded_ && state_ == State::connected) endReceiving();
}

}  // namespace sprocket::platform
