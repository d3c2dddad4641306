// How connections end: either side first, half-open, destroyed, reset.
'use strict';

const net = require('net');
const {attempt, listenAt, trace, traceEvents, traceSocket} = require('./parity.js');

// Traces one connection, which ends when the client does.
function listener(place) {
  const server = net.createServer((socket) => {
    traceSocket('served', socket);
    server.close();
  });
  listenAt(place, server);
}

exports.clientEndsFirst = {
  server(place) {
    const server = net.createServer({allowHalfOpen: true}, (socket) => {
      traceSocket('served', socket);
      socket.on('end', () => {
        trace(socket.readable, socket.writable, socket.readyState);
        socket.write('answer ');
        socket.end('and end');
        trace(socket.readable, socket.writable, socket.readyState);
      });
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceSocket('client', net.connect(place));
    socket.on('connect', () => {
      trace(socket.readable, socket.writable, socket.readyState);
      socket.write('question', () => trace('written'));
      trace(socket.end(() => trace('ended')) === socket);
      trace(socket.readable, socket.writable, socket.readyState);
    });
    socket.on('close', () => trace(socket.readable, socket.writable, socket.readyState));
  },
};

exports.serverEndsFirst = {
  server(place) {
    const server = net.createServer((socket) => {
      traceSocket('served', socket);
      socket.end('goodbye', () => trace('ended'));
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceSocket('client', net.connect(place));
    socket.on('end', () => trace(socket.readable, socket.writable, socket.destroyed));
    socket.on('close', () => trace(socket.readable, socket.writable, socket.destroyed));
  },
};

exports.halfOpenClient = {
  server: exports.serverEndsFirst.server,
  client(place) {
    const socket = traceSocket('client', net.connect({...place, allowHalfOpen: true}));
    socket.on('end', () => {
      setImmediate(() => {
        trace(socket.readable, socket.writable, socket.readyState, socket.destroyed);
        trace(socket.write('still ', () => trace('written')));
        setImmediate(() => socket.end('here'));
      });
    });
  },
};

exports.endBeforeConnect = {
  server: listener,
  client(place) {
    const socket = traceSocket('client', net.connect(place));
    socket.write('one ');
    socket.end('two', (error) => trace('ended', error));
    trace(socket.connecting, socket.writable, socket.destroyed);
  },
};

exports.endTwice = {
  server: listener,
  client(place) {
    const socket = traceSocket('client', net.connect(place));
    socket.on('connect', () => {
      socket.end('once', (error) => trace('first', error));
      socket.end((error) => trace('second', error));
      socket.end();
    });
    socket.on('finish', () => socket.end((error) => trace('after finish', error)));
  },
};

exports.endWithDataTwice = {
  server: listener,
  client(place) {
    const socket = traceEvents('client', net.connect(place)).resume();
    socket.on('ready', () => {
      socket.end('once', (error) => trace('first', error));
      socket.end('twice', (error) => trace('second', error));
    });
  },
};

exports.destroyConnected = {
  server: listener,
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.on('connect', () => {
      socket.write('sent', () => socket.destroy());
    });
    socket.on('close', () => trace(socket.destroyed, socket.readyState, socket.bytesWritten));
  },
};

exports.destroyInConnectListener = {
  server: listener,
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.on('connect', () => socket.destroy());
    socket.on('connect', () => trace('listener behind it', socket.destroyed));
  },
};

exports.destroyWithError = {
  server: listener,
  client(place) {
    const mine = new Error('mine');
    const socket = traceEvents('client', net.connect(place));
    socket.on('error', (error) => trace(error === mine, socket.destroyed));
    socket.on('ready', () => {
      trace(socket.destroy(mine) === socket);
      socket.destroy(new Error('second'));
    });
  },
};

exports.destroyInDataListener = {
  server(place) {
    const server = net.createServer((socket) => {
      traceEvents('served', socket).resume();
      socket.end('goodbye');
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.on('data', (chunk) => {
      trace(chunk);
      socket.destroy();
    });
  },
};

exports.destroySoon = {
  server: listener,
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.on('connect', () => {
      socket.write('all of it', () => trace('written'));
      socket.destroySoon();
      trace(socket.writable, socket.destroyed);
    });
  },
};

exports.resetAndDestroy = {
  server(place) {
    const server = net.createServer((socket) => {
      traceSocket('served', socket);
      socket.write('reset me');
      socket.on('close', () => trace(socket.destroyed, socket.readyState));
      server.close();
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.once('data', () => {
      trace(socket.resetAndDestroy() === socket);
      trace(socket.destroyed);
    });
  },
};

exports.resetWhileConnecting = {
  server: listener,
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.resetAndDestroy();
    trace(socket.connecting, socket.destroyed);
  },
};

exports.resetFresh = {
  alone() {
    const socket = traceEvents('socket', new net.Socket());
    socket.resetAndDestroy();
    trace(socket.destroyed);
  },
};

exports.resetPath = {
  server: listener,
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.on('ready', () => {
      attempt('resetAndDestroy', () => socket.resetAndDestroy());
      trace(socket.destroyed);
      socket.destroy();
    });
  },
};
