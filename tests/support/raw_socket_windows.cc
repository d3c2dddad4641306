#include <winsock2.h>
#include <windows.h>
#include <ws2tcpip.h>

#include <algorithm>
#include <array>
#include <list>
#include <stdexcept>
#include <system_error>

#include "sprocket/platform/sys_error.h"
#include "sprocket/tests/support/raw_socket.h"

namespace sprocket::tests {
namespace {

constexpr int kPatience = 20'000;  // milliseconds
constexpr DWORD kQuota = 65536;

[[noreturn]] void fail(int error, const char* what) {
  throw std::system_error(error, std::system_category(), what);
}

void check(int result, const char* what) {
  if (result == SOCKET_ERROR) fail(WSAGetLastError(), what);
}

void checkFile(bool succeeded, const char* what) {
  if (!succeeded && GetLastError() != ERROR_IO_PENDING)
    fail(static_cast<int>(GetLastError()), what);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* general(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

SOCKET openSocket(bool nonBlocking = false) {
  WSADATA data;
  WSAStartup(MAKEWORD(2, 2), &data);
  const SOCKET made = WSASocketW(AF_INET, SOCK_STREAM, 0, nullptr, 0, WSA_FLAG_NO_HANDLE_INHERIT);
  if (made == INVALID_SOCKET) fail(WSAGetLastError(), "socket");
  u_long on = nonBlocking ? 1 : 0;
  check(ioctlsocket(made, static_cast<long>(FIONBIO), &on), "FIONBIO");
  return made;
}

std::wstring wide(const std::string& path) { return {path.begin(), path.end()}; }

// A call on a pipe that goes on by itself.
struct Call {
  Call() { overlapped.hEvent = CreateEventW(nullptr, TRUE, FALSE, nullptr); }
  ~Call() { CloseHandle(overlapped.hEvent); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  OVERLAPPED overlapped{};
};

struct Write : Call {
  explicit Write(std::string_view text) : bytes(text) {}
  std::string bytes;
};

HANDLE openPipe(const std::string& path) {
  const HANDLE pipe = CreateFileW(wide(path).c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr,
                                  OPEN_EXISTING, FILE_FLAG_OVERLAPPED, nullptr);
  DWORD mode = PIPE_READMODE_MESSAGE;  // so that the mark of the end is seen
  if (pipe != INVALID_HANDLE_VALUE) SetNamedPipeHandleState(pipe, &mode, nullptr, nullptr);
  return pipe;
}

}  // namespace

struct RawSocket::End {
  virtual ~End() = default;
  virtual std::size_t send(std::string_view bytes) = 0;
  virtual void sendFin() = 0;
  // Some bytes into the buffer: how many, 0 at the end, or minus the error.
  virtual int receive(std::array<char, kQuota>& buffer) = 0;
  virtual void await() = 0;
  virtual void reset() {}
  virtual SOCKET socket() const { return INVALID_SOCKET; }
  virtual std::unique_ptr<End> accept() = 0;

  static constexpr int kNothing = -WSAEWOULDBLOCK;
};

namespace {

using End = RawSocket::End;

struct SocketEnd final : End {
  explicit SocketEnd(SOCKET made) : socket_(made) {}
  ~SocketEnd() override { closesocket(socket_); }

  std::size_t send(std::string_view bytes) override {
    setNonBlocking(true);
    const int count = ::send(socket_, bytes.data(), static_cast<int>(bytes.size()), 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (WSAGetLastError() != WSAEWOULDBLOCK) fail(WSAGetLastError(), "send");
    return 0;
  }
  void sendFin() override { check(shutdown(socket_, SD_SEND), "shutdown"); }
  int receive(std::array<char, kQuota>& buffer) override {
    setNonBlocking(true);
    const int count = recv(socket_, buffer.data(), static_cast<int>(buffer.size()), 0);
    return count >= 0 ? count : -WSAGetLastError();
  }
  void await() override {
    WSAPOLLFD one{socket_, POLLRDNORM, 0};
    const int count = WSAPoll(&one, 1, kPatience);
    check(count, "poll");
    if (count == 0) throw std::runtime_error("the peer is silent");
  }
  void reset() override {
    const linger atOnce{.l_onoff = 1, .l_linger = 0};
    check(setsockopt(socket_, SOL_SOCKET, SO_LINGER, reinterpret_cast<const char*>(&atOnce),
                     sizeof atOnce),
          "SO_LINGER");
  }
  SOCKET socket() const override { return socket_; }
  std::unique_ptr<End> accept() override {
    const SOCKET accepted = ::accept(socket_, nullptr, nullptr);
    if (accepted == INVALID_SOCKET) fail(WSAGetLastError(), "accept");
    return std::make_unique<SocketEnd>(accepted);
  }

 private:
  void setNonBlocking(bool nonBlocking) {
    u_long on = nonBlocking ? 1 : 0;
    check(ioctlsocket(socket_, static_cast<long>(FIONBIO), &on), "FIONBIO");
  }

  SOCKET socket_;
};

struct PipeEnd final : End {
  explicit PipeEnd(HANDLE pipe) : pipe_(pipe) {}
  ~PipeEnd() override {
    reapWrites();
    if (reading_ || !writes_.empty()) CancelIoEx(pipe_, nullptr);
    DWORD count = 0;
    if (reading_) GetOverlappedResult(pipe_, &read_.overlapped, &count, TRUE);
    for (Write& write : writes_) GetOverlappedResult(pipe_, &write.overlapped, &count, TRUE);
    CloseHandle(pipe_);
  }

  // Nothing while something is on its way, which is when the pipe is full.
  std::size_t send(std::string_view bytes) override {
    reapWrites();
    if (!writes_.empty()) return 0;
    write(bytes);
    return bytes.size();
  }
  void sendFin() override { write({}); }  // the mark of the end

  int receive(std::array<char, kQuota>& buffer) override {
    if (!reading_) {
      reading_ = true;
      if (!ReadFile(pipe_, buffer_.data(), kQuota, nullptr, &read_.overlapped) &&
          GetLastError() != ERROR_IO_PENDING && GetLastError() != ERROR_MORE_DATA) {
        return ended();
      }
    }
    DWORD count = 0;
    if (GetOverlappedResult(pipe_, &read_.overlapped, &count, FALSE) ||
        GetLastError() == ERROR_MORE_DATA) {  // of the message, with the next read
      reading_ = false;
      std::copy_n(buffer_.data(), count, buffer.data());
      return static_cast<int>(count);
    }
    return GetLastError() == ERROR_IO_INCOMPLETE ? kNothing : ended();
  }
  void await() override {
    if (WaitForSingleObject(read_.overlapped.hEvent, kPatience) != WAIT_OBJECT_0) {
      throw std::runtime_error("the peer is silent");
    }
  }
  std::unique_ptr<End> accept() override { throw std::logic_error("not a listener"); }

 private:
  int ended() {
    reading_ = false;
    return GetLastError() == ERROR_BROKEN_PIPE ? 0 : -static_cast<int>(GetLastError());
  }
  void write(std::string_view bytes) {
    Write& next = writes_.emplace_back(bytes);
    checkFile(WriteFile(pipe_, next.bytes.data(), static_cast<DWORD>(next.bytes.size()), nullptr,
                        &next.overlapped) != FALSE,
              "write");
  }
  void reapWrites() {
    std::erase_if(writes_,
                  [](const Write& write) { return HasOverlappedIoCompleted(&write.overlapped); });
  }

  HANDLE pipe_;
  Call read_;
  bool reading_ = false;
  std::array<char, kQuota> buffer_;
  std::list<Write> writes_;
};

struct PipeListenerEnd final : End {
  PipeListenerEnd(const std::string& path, int backlog) : path_(path) {
    for (int i = 0; i < backlog; ++i) addInstance();
  }
  ~PipeListenerEnd() override {
    for (Instance& each : instances_) {
      CancelIoEx(each.pipe, nullptr);
      DWORD count = 0;
      GetOverlappedResult(each.pipe, &each.connect.overlapped, &count, TRUE);
      CloseHandle(each.pipe);
    }
  }

  std::unique_ptr<End> accept() override {
    for (int waited = 0; waited < kPatience; ++waited) {
      for (auto each = instances_.begin(); each != instances_.end(); ++each) {
        if (!HasOverlappedIoCompleted(&each->connect.overlapped)) continue;
        const HANDLE pipe = each->pipe;
        instances_.erase(each);
        addInstance();
        return std::make_unique<PipeEnd>(pipe);
      }
      Sleep(1);
    }
    throw std::runtime_error("nobody connects");
  }

  std::size_t send(std::string_view) override { return 0; }
  void sendFin() override {}
  int receive(std::array<char, kQuota>&) override { return kNothing; }
  void await() override {}

 private:
  struct Instance {
    HANDLE pipe;
    Call connect;
  };

  void addInstance() {
    Instance& made = instances_.emplace_back();
    made.pipe = CreateNamedPipeW(wide(path_).c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
                                 PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT,
                                 PIPE_UNLIMITED_INSTANCES, kQuota, kQuota, 0, nullptr);
    if (made.pipe == INVALID_HANDLE_VALUE) fail(static_cast<int>(GetLastError()), "pipe");
    if (!ConnectNamedPipe(made.pipe, &made.connect.overlapped) &&
        GetLastError() == ERROR_PIPE_CONNECTED) {
      made.connect.overlapped.Internal = 0;
    }
  }

  std::string path_;
  std::list<Instance> instances_;
};

}  // namespace

RawSocket::RawSocket(std::unique_ptr<End> end) : end_(std::move(end)) {}

RawSocket RawSocket::connect(int port) {
  auto made = std::make_unique<SocketEnd>(openSocket());
  const sockaddr_in address = loopback(port);
  check(::connect(made->socket(), general(address), sizeof address), "connect");
  return RawSocket(std::move(made));
}

RawSocket RawSocket::connect(const std::string& path) {
  const HANDLE pipe = openPipe(path);
  if (pipe == INVALID_HANDLE_VALUE) fail(static_cast<int>(GetLastError()), "connect");
  return RawSocket(std::make_unique<PipeEnd>(pipe));
}

RawSocket RawSocket::bind() {
  auto made = std::make_unique<SocketEnd>(openSocket());
  const sockaddr_in address = loopback(0);
  check(::bind(made->socket(), general(address), sizeof address), "bind");
  return RawSocket(std::move(made));
}

RawSocket RawSocket::listen(int backlog) {
  RawSocket made = bind();
  check(::listen(made.end_->socket(), backlog), "listen");
  return made;
}

RawSocket RawSocket::listen(const std::string& path, int backlog) {
  return RawSocket(std::make_unique<PipeListenerEnd>(path, backlog));
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : end_(std::move(other.end_)),
      received_(std::move(other.received_)),
      error_(std::move(other.error_)),
      ended_(other.ended_) {}

RawSocket& RawSocket::operator=(RawSocket other) noexcept {
  std::swap(end_, other.end_);
  std::swap(received_, other.received_);
  std::swap(error_, other.error_);
  std::swap(ended_, other.ended_);
  return *this;
}

RawSocket::~RawSocket() = default;

int RawSocket::port() const {
  sockaddr_in address{};
  int size = sizeof address;
  check(getsockname(end_->socket(), reinterpret_cast<sockaddr*>(&address), &size), "getsockname");
  return ntohs(address.sin_port);
}

RawSocket RawSocket::accept() const { return RawSocket(end_->accept()); }

std::size_t RawSocket::send(std::string_view bytes) { return end_->send(bytes); }

void RawSocket::sendWithFin(std::string_view bytes) {
  end_->send(bytes);
  end_->sendFin();
}

void RawSocket::sendFin() { end_->sendFin(); }

const std::string& RawSocket::receive() {
  static std::array<char, kQuota> buffer;
  while (end_ != nullptr && !ended_ && error_.empty()) {
    const int count = end_->receive(buffer);
    if (count == End::kNothing) break;
    if (count < 0) error_ = platform::errorName(-count);
    if (count == 0) ended_ = true;
    if (count > 0) received_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return received_;
}

const std::string& RawSocket::awaitBytes(std::size_t count) {
  while (receive().size() < count && !ended_ && error_.empty()) end_->await();
  return received_;
}

const std::string& RawSocket::awaitEnd() { return awaitBytes(static_cast<std::size_t>(-1)); }

void RawSocket::close() { end_.reset(); }

void RawSocket::reset() {
  end_->reset();
  close();
}

std::string connectFailure(int port) {
  const SocketEnd made(openSocket());
  const sockaddr_in address = loopback(port);
  const int result = connect(made.socket(), general(address), sizeof address);
  return result != 0 ? std::string(platform::errorName(WSAGetLastError())) : "";
}

std::string connectFailure(const std::string& path) {
  const HANDLE pipe = openPipe(path);
  if (pipe == INVALID_HANDLE_VALUE) {
    return std::string(platform::errorName(static_cast<int>(GetLastError())));
  }
  CloseHandle(pipe);
  return "";
}

UnansweringPort::UnansweringPort() : listener_(RawSocket::listen(1)) {
  const sockaddr_in address = loopback(number());
  for (std::intptr_t& filler : fillers_) {
    const SOCKET made = openSocket(true);
    connect(made, general(address), sizeof address);
    filler = static_cast<std::intptr_t>(made);
  }
}

UnansweringPort::~UnansweringPort() { closeFillers(); }

void UnansweringPort::answer() {
  closeFillers();
  listener_.accept();
}

void UnansweringPort::closeFillers() {
  for (std::intptr_t& filler : fillers_)
    closesocket(static_cast<SOCKET>(std::exchange(filler, -1)));
}

}  // namespace sprocket::tests
