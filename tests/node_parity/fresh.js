// Sockets and servers that were never connected and never listened.
'use strict';

const net = require('net');
const {trace, traceEvents, traceServer} = require('./parity.js');

exports.freshSocket = {
  alone() {
    const socket = traceEvents('socket', new net.Socket());
    trace(socket.connecting, socket.destroyed, socket.pending, socket.readyState);
    trace(socket.bytesRead, socket.bytesWritten, socket.writableLength, socket.timeout);
    trace(socket.address(), socket.localAddress, socket.localPort);
    trace(socket.remoteAddress, socket.remoteFamily, socket.remotePort);
    socket.pause().resume().ref().unref().setNoDelay().setKeepAlive(true, 1000).setTimeout(0);
    trace(socket.isPaused());
    trace(socket.pause().isPaused());
    trace(socket.resume().isPaused());
  },
};

exports.destroyFresh = {
  alone() {
    const socket = traceEvents('socket', new net.Socket());
    trace(socket.destroy() === socket);
    trace(socket.destroyed);
    socket.destroy(new Error('too late'));
    trace(socket.connecting, socket.readyState, socket.address(), socket.remotePort);
    socket.on('close', () => trace(socket.destroyed));
  },
};

exports.destroyFreshWithError = {
  alone() {
    const socket = traceEvents('socket', new net.Socket());
    socket.destroy(new Error('mine'));
    socket.destroy(new Error('second'));
    socket.on('error', () => trace(socket.destroyed));
  },
};

exports.endFresh = {
  alone() {
    const socket = traceEvents('socket', new net.Socket());
    trace(socket.end() === socket, socket.destroyed, socket.writable);
  },
};

exports.writeFresh = {
  alone() {
    const socket = traceEvents('socket', new net.Socket());
    trace(socket.write('nobody hears', (error) => trace('written', error)));
    trace(socket.destroyed);
  },
};

exports.timeoutFresh = {
  alone() {
    const socket = traceEvents('socket', new net.Socket());
    const running = setInterval(() => {}, 1000);
    socket.setTimeout(1000, () => trace('disabled'));
    trace(socket.timeout);
    socket.setTimeout(0);
    socket.setTimeout(1, () => {
      trace('callback', socket.timeout);
      clearInterval(running);  // a timeout alone does not keep the program
    });
  },
};

exports.freshServer = {
  alone() {
    const server = traceServer('server', net.createServer());
    trace(server.listening, server.address());
    server.ref().unref().ref();
    server.close((error) => trace('closed', error)).close();
    trace(server.listening, server.address());
  },
};
