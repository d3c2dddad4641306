#include "sprocket/tests/node_parity/differences.h"

namespace sprocket::parity {
namespace {

// Items in brackets are those of net/behaviour.md, D-numbers the points where the contract settles
// what Node leaves open.
constexpr std::string_view kWording = "the texts of refused arguments are each library's own";
constexpr std::string_view kEmptyPath = "an empty path counts as not given [6.2]";
constexpr std::string_view kLocalPort = "localPort is checked at the call [6.3]";
constexpr std::string_view kFreshState = "neither open nor connecting is closed [5.5]";
constexpr std::string_view kHadError =
    "'close' tells of an error also where there was no connection yet; Node leaves it out [9.12]";
constexpr std::string_view kOneClose =
    "one 'close' answers all calls of close() before it; Node emits one for each [7.18, 7.19]";
constexpr std::string_view kDestroyedByWrite =
    "the refused write has destroyed the socket when it returns [8.14, 9.10]";
constexpr std::string_view kQueued = "D-4: false as soon as anything is queued";
constexpr std::string_view kCallbacksFirst =
    "callbacks of what cannot be written come before 'error' and 'close' [8.12]";
constexpr std::string_view kCallbackError =
    "all get the connect or destroy error; without one the others get 'destroyed' [6.16]";
constexpr std::string_view kNoName = "a malformed name is one that is not found [6.8]";
constexpr std::string_view kNoLateLookup = "a destroyed socket tells of no lookup [6.7, 2.7]";
constexpr std::string_view kNoAddress = "D-7: no address when it does not listen";
constexpr std::string_view kNoPort = "a path has no port; Node says -1 [3.1]";
constexpr std::string_view kAsIs = "the system's own error; Node makes it EACCES [7.8]";
constexpr std::string_view kMoves = "D-1: listen while listening moves the server";
constexpr std::string_view kReadyFirst =
    "'ready' follows 'connect' directly, no callback comes between [6.11]";
constexpr std::string_view kEachOnce = "every callback is called once; Node forgets it [8.4, 9.2]";
constexpr std::string_view kEitherOrder =
    "'close' of a server comes before or after that of its last socket [7.21]";
constexpr std::string_view kNobody =
    "D-5: maxConnections 0 lets nobody in; in Node 20 it is no limit";
constexpr std::string_view kUnpipeLater =
    "a pipe ends after its source's 'end', not inside of it, and 'unpipe' with it [10.9]";
constexpr std::string_view kNothingAfter = "after destroy there is only 'close' [9.9]";

}  // namespace

const std::vector<Difference> kDifferences = {
    {"connectArguments", "alone",
     "no target throws ERR_MISSING_ARGS: The \"options\" or \"port\" or \"path\" argument must be "
     "specified",
     "no target throws ERR_MISSING_ARGS: connect() needs a port or a path: none was given, or "
     "the path is ''",
     kWording},
    {"connectArguments", "alone", "empty path passes",
     "empty path throws ERR_MISSING_ARGS: connect() needs a port or a path: none was given, or "
     "the path is ''",
     kEmptyPath},
    {"connectArguments", "alone",
     "port -1 throws ERR_SOCKET_BAD_PORT: Port should be >= 0 and < 65536. Received type number "
     "(-1).",
     "port -1 throws ERR_SOCKET_BAD_PORT: port should be >= 0 and < 65536. Received -1.", kWording},
    {"connectArguments", "alone",
     "port 65536 throws ERR_SOCKET_BAD_PORT: Port should be >= 0 and < 65536. Received type number "
     "(65536).",
     "port 65536 throws ERR_SOCKET_BAD_PORT: port should be >= 0 and < 65536. Received 65536.",
     kWording},
    {"connectArguments", "alone",
     "localAddress throws ERR_INVALID_IP_ADDRESS: Invalid IP address: localhost",
     "localAddress throws ERR_INVALID_IP_ADDRESS: localAddress is not an IP address: 'localhost'",
     kWording},
    {"connectArguments", "alone", "localPort passes",
     "localPort throws ERR_SOCKET_BAD_PORT: localPort should be >= 0 and < 65536. Received 65536.",
     kLocalPort},
    {"connectArguments", "alone",
     "family throws ERR_INVALID_ARG_VALUE: The property 'options.family' must be one of: 0, 4, 6. "
     "Received 5",
     "family throws ERR_INVALID_ARG_VALUE: family must be 0, 4 or 6. Received 5.", kWording},
    {"connectArguments", "alone",
     "hints throws ERR_INVALID_ARG_VALUE: The argument 'hints' is invalid. Received 1024",
     "hints throws ERR_INVALID_ARG_VALUE: hints must be made of ADDRCONFIG, V4MAPPED and ALL. "
     "Received 1024.",
     kWording},
    {"connectArguments", "alone",
     "lookup throws ERR_INVALID_ARG_TYPE: The \"options.lookup\" property must be of type "
     "function. Received type string ('function')",
     "lookup throws ERR_INVALID_ARG_TYPE: lookup must be a function. Received an empty one",
     kWording},
    {"connectArguments", "alone",
     "listener throws ERR_SOCKET_BAD_PORT: Port should be >= 0 and < 65536. Received type number "
     "(65536).",
     "listener throws ERR_SOCKET_BAD_PORT: port should be >= 0 and < 65536. Received 65536.",
     kWording},

    {"listenArguments", "alone",
     "no target throws ERR_INVALID_ARG_VALUE: The argument 'options' must have the property "
     "\"port\" or \"path\". Received {}",
     "no target throws ERR_MISSING_ARGS: listen() needs a port, a path or an fd: none was given, "
     "or "
     "the path is ''",
     kWording},
    {"listenArguments", "alone",
     "port -1 throws ERR_SOCKET_BAD_PORT: options.port should be >= 0 and < 65536. Received type "
     "number (-1).",
     "port -1 throws ERR_SOCKET_BAD_PORT: port should be >= 0 and < 65536. Received -1.", kWording},
    {"listenArguments", "alone",
     "port 65536 throws ERR_SOCKET_BAD_PORT: options.port should be >= 0 and < 65536. Received "
     "type number (65536).",
     "port 65536 throws ERR_SOCKET_BAD_PORT: port should be >= 0 and < 65536. Received 65536.",
     kWording},
    {"listenArguments", "alone",
     "option port 65536 throws ERR_SOCKET_BAD_PORT: options.port should be >= 0 and < 65536. "
     "Received type number (65536).",
     "option port 65536 throws ERR_SOCKET_BAD_PORT: port should be >= 0 and < 65536. Received "
     "65536.",
     kWording},

    {"listenArguments", "alone",
     "fd -1 throws ERR_INVALID_ARG_VALUE: The argument 'options' must have the property \"port\" "
     "or \"path\". Received { fd: -1 }",
     "fd -1 throws ERR_OUT_OF_RANGE: The value of \"fd\" is out of range. It must be >= 0 && <= "
     "2147483647. Received -1",
     kWording},

    {"socketArguments", "alone",
     "setTimeout -1 throws ERR_OUT_OF_RANGE: The value of \"msecs\" is out of range. It must be a "
     "non-negative finite number. Received -1",
     "setTimeout -1 throws ERR_OUT_OF_RANGE: timeout must be a non-negative finite number. "
     "Received -1.",
     kWording},
    {"socketArguments", "alone",
     "setTimeout NaN throws ERR_OUT_OF_RANGE: The value of \"msecs\" is out of range. It must be a "
     "non-negative finite number. Received NaN",
     "setTimeout NaN throws ERR_OUT_OF_RANGE: timeout must be a non-negative finite number. "
     "Received nan.",
     kWording},
    {"socketArguments", "alone",
     "setTimeout Infinity throws ERR_OUT_OF_RANGE: The value of \"msecs\" is out of range. It must "
     "be a non-negative finite number. Received Infinity",
     "setTimeout Infinity throws ERR_OUT_OF_RANGE: timeout must be a non-negative finite number. "
     "Received inf.",
     kWording},

    {"freshSocket", "alone", "false false true open", "false false true closed", kFreshState},
    {"destroyFreshWithError", "alone", "socket close false", "socket close true", kHadError},
    {"writeFresh", "alone", "false", "true", kDestroyedByWrite},
    {"writeFresh", "alone", "socket close false", "socket close true", kHadError},
    {"freshServer", "alone", "server close", "", kOneClose},
    {"errorInListener", "alone", "close none", "close true", kHadError},

    {"whileConnecting", "client", "before false true open false", "before false true closed false",
     kFreshState},
    {"refusedWithWrites", "alone", "true", "false", kQueued},
    {"refusedWithWrites", "alone", "true", "false", kQueued},
    {"refusedWithWrites", "alone", "", "first ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:NOBODY",
     kCallbacksFirst},
    {"refusedWithWrites", "alone", "", "second ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:NOBODY",
     kCallbacksFirst},
    {"refusedWithWrites", "alone", "", "ended ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:NOBODY",
     kCallbacksFirst},
    {"refusedWithWrites", "alone",
     "first ERR_SOCKET_CLOSED_BEFORE_CONNECTION: Socket closed before the connection was "
     "established",
     "", kCallbackError},
    {"refusedWithWrites", "alone", "second ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:NOBODY", "",
     kCallbacksFirst},
    {"refusedWithWrites", "alone", "ended ECONNREFUSED: connect ECONNREFUSED 127.0.0.1:NOBODY", "",
     kCallbacksFirst},
    {"lookupOfNonsense", "alone", "socket lookup EINVAL: getaddrinfo EINVAL LONG",
     "socket lookup ENOTFOUND: getaddrinfo ENOTFOUND LONG", kNoName},
    {"lookupOfNonsense", "alone", "socket error EINVAL: getaddrinfo EINVAL LONG",
     "socket error ENOTFOUND: getaddrinfo ENOTFOUND LONG", kNoName},
    {"lookupAnswersTooLate", "alone", "socket lookup 127.0.0.1 4 some.host", "", kNoLateLookup},
    {"destroyWhileConnecting", "alone", "",
     "first ERR_SOCKET_CLOSED_BEFORE_CONNECTION: Socket closed before the connection was "
     "established",
     kCallbacksFirst},
    {"destroyWhileConnecting", "alone", "",
     "second ERR_STREAM_DESTROYED: Cannot call write after a stream was destroyed", kCallbackError},
    {"destroyWhileConnecting", "alone",
     "first ERR_SOCKET_CLOSED_BEFORE_CONNECTION: Socket closed before the connection was "
     "established",
     "", kCallbacksFirst},
    {"destroyWhileConnecting", "alone",
     "second ERR_SOCKET_CLOSED_BEFORE_CONNECTION: Socket closed before the connection was "
     "established",
     "", kCallbackError},
    {"destroyWithErrorWhileConnecting", "alone", "", "first mine", kCallbackError},
    {"destroyWithErrorWhileConnecting", "alone", "", "second mine", kCallbacksFirst},
    {"destroyWithErrorWhileConnecting", "alone",
     "first ERR_SOCKET_CLOSED_BEFORE_CONNECTION: Socket closed before the connection was "
     "established",
     "", kCallbackError},
    {"destroyWithErrorWhileConnecting", "alone", "second mine", "", kCallbacksFirst},

    {"listenPaths", "alone", "FOLDER/path false", "none false", kNoAddress},
    {"listenPaths", "alone", "FOLDER/another false", "none false", kNoAddress},
    {"listenPaths", "alone", "FOLDER/third false", "none false", kNoAddress},
    {"pathInUse", "alone", "syscall is listen address is FOLDER/file port is -1",
     "syscall is listen address is FOLDER/file", kNoPort},
    {"pathInNoFolder", "alone",
     "server error EACCES: listen EACCES: permission denied FOLDER/missing/path",
     "server error ENOENT: listen ENOENT: no such file or directory FOLDER/missing/path", kAsIs},
    {"pathInNoFolder", "alone", "syscall is listen address is FOLDER/missing/path port is -1",
     "syscall is listen address is FOLDER/missing/path", kNoPort},
    {"listenWhileListening", "alone",
     "throws ERR_SERVER_ALREADY_LISTEN: Listen method has been called more than once without "
     "closing.",
     "server listening", kMoves},
    {"listenWhileListening", "alone", "", "moved", kMoves},
    {"closeTwice", "alone", "server close", "", kOneClose},
    {"destroyAtOnce", "server", "", "served close false", kEitherOrder},
    {"destroyAtOnce", "server", "served close false", "", kEitherOrder},

    {"maxConnectionsZero", "server", "let in", "dropped", kNobody},

    {"writeBeforeConnect", "client", "true", "false", kQueued},
    {"writeBeforeConnect", "client", "true", "false", kQueued},
    {"writeBeforeConnect", "client", "", "client ready", kReadyFirst},
    {"writeBeforeConnect", "client", "client ready", "", kReadyFirst},
    {"writeAfterDestroy", "client", "",
     "ended ERR_STREAM_DESTROYED: Cannot call end after a stream was destroyed", kEachOnce},
    {"endWithDataTwice", "client", "", "second ERR_STREAM_WRITE_AFTER_END: write after end",
     kCallbacksFirst},
    {"endWithDataTwice", "client", "second ERR_STREAM_WRITE_AFTER_END: write after end", "",
     kCallbacksFirst},
    {"destroyInConnectListener", "client", "client ready", "", kNothingAfter},
    {"pipeWithoutEnd", "server", "unpipe true", "", kUnpipeLater},
    {"pipeWithoutEnd", "server", "", "unpipe true", kUnpipeLater},
    {"resetFresh", "alone", "socket close false", "socket close true", kHadError},
    {"resetPath", "client",
     "resetAndDestroy throws ERR_INVALID_HANDLE_TYPE: This handle type cannot be sent",
     "resetAndDestroy throws ERR_INVALID_HANDLE_TYPE: resetAndDestroy() on a local connection: "
     "only TCP has a reset",
     kWording},
};

}  // namespace sprocket::parity
