// What a server does with its connections.
'use strict';

const net = require('net');
const {afterwards, listenAt, name, trace, traceEvents, traceServer, traceSocket} =
    require('./parity.js');

exports.closeWaitsForConnections = {
  server(place) {
    const server = traceServer('server', net.createServer((socket) => {
      traceSocket('served', socket);
      server.close((error) => trace('first', error));
      server.close((error) => trace('second', error));
      trace(server.listening);
      socket.write('closing');
    }));
    listenAt(place, server);
  },
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.once('data', (chunk) => {
      trace(chunk);
      const late = traceEvents('late', net.connect(place));
      late.on('close', () => socket.end());
    });
  },
};

exports.pauseOnConnect = {
  server(place) {
    const server = net.createServer({pauseOnConnect: true});
    server.once('connection', (socket) => {
      traceSocket('served', socket);
      trace(socket.isPaused(), socket.bytesRead);
      socket.write('send now');
      // When the client has sent and ended it connects once more.
      server.once('connection', (second) => {
        trace(socket.bytesRead, socket.readyState);
        socket.resume();
        second.destroy();
        server.close();
      });
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    socket.once('data', (chunk) => {
      trace(chunk);
      socket.end('all of it', () => net.connect(place).resume());
    });
  },
};

exports.destroyAtOnce = {
  server(place) {
    const server = traceServer('server', net.createServer((socket) => {
      traceEvents('served', socket).destroy();
      trace(socket.destroyed, socket.readyState);
      server.close();
    }));
    listenAt(place, server);
  },
  client(place) {
    traceSocket('client', net.connect(place));
  },
};

exports.maxConnections = {
  server(place) {
    const server = net.createServer((socket) => {
      traceEvents('served', socket).resume();
      socket.write('welcome');
    });
    server.maxConnections = 1;
    server.on('drop', (drop) => {
      trace('drop', drop && drop.localAddress, drop && drop.remoteFamily);
      server.close();
    });
    trace(server.maxConnections);
    listenAt(place, server);
  },
  client(place) {
    const first = net.connect(place);
    first.once('data', (chunk) => {
      trace(chunk);
      const second = traceSocket('second', net.connect(place));
      second.on('close', () => first.end());
    });
  },
};

exports.maxConnectionsZero = {
  server(place) {
    const server = net.createServer((socket) => {
      trace('let in');
      socket.end();
      server.close();
    });
    server.maxConnections = 0;
    server.on('drop', () => {
      trace('dropped');
      server.close();
    });
    trace(server.maxConnections);
    listenAt(place, server);
  },
  client(place) {
    traceSocket('client', net.connect(place));
  },
};

exports.getConnections = {
  server(place) {
    const server = net.createServer();
    const count = (when) => {
      server.getConnections((error, count) => trace(when, error, count));
    };
    count('before listening');
    server.on('connection', (socket) => {
      count('connected');
      socket.resume();
      socket.on('end', () => {
        server.close(() => trace('closed'));
        count('closing');
      });
      server.on('close', () => count('after close'));
    });
    listenAt(place, server);
  },
  client(place) {
    net.connect(place).end().resume();
  },
};

exports.addresses = {
  server(place) {
    const server = net.createServer((socket) => {
      name(socket.remotePort, 'CLIENT');
      trace(socket.address(), socket.localAddress, socket.localPort);
      trace(socket.remoteAddress, socket.remoteFamily, socket.remotePort);
      socket.resume();
      socket.on('close', () => {
        trace(socket.remoteAddress, socket.remoteFamily, socket.remotePort);
      });
      server.close();
      socket.write('.');
    });
    listenAt(place, server);
  },
  client(place) {
    const socket = net.connect(place);
    socket.on('data', () => {
      name(socket.localPort, 'CLIENT');
      trace(socket.address(), socket.localAddress, socket.localPort);
      trace(socket.remoteAddress, socket.remoteFamily, socket.remotePort);
      socket.end();
    });
    socket.on('close', () => trace(socket.remoteAddress, socket.remoteFamily, socket.remotePort));
  },
};

exports.mappedAddress = {
  server(place) {
    const server = net.createServer((socket) => {
      name(socket.remotePort, 'CLIENT');
      trace(socket.address(), socket.remoteAddress, socket.remoteFamily);
      socket.end();
      server.close();
    });
listenAt({...place, host: undefined}, server);  // :: if the machine has IPv6
  },
  client(place) {
    const socket = net.connect(place);
    socket.on('connect', () => trace(socket.remoteAddress, socket.remoteFamily));
    traceSocket('client', socket);
  },
};

exports.unrefClient = {
  server(place) {
    const server = traceServer('server', net.createServer((socket) => {
      traceSocket('served', socket);
      server.close();
      socket.write('.');
    }));
    listenAt(place, server);
  },
  client(place) {
    const socket = traceEvents('client', net.connect(place));
    afterwards(() => socket.removeAllListeners().destroy());
    socket.once('data', () => socket.unref());
  },
};
