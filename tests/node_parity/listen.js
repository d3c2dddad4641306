// Listening: the forms, failures, doing it again, closing.
'use strict';

const fs = require('fs');
const net = require('net');
const {afterwards, name, trace, traceMembers, traceServer} = require('./parity.js');

exports.listenForms = {
  alone(place) {
    const listen = (what, ...args) => {
      const server = net.createServer();
      const returned = server.listen(...args, () => {
        const {address, family, port} = server.address();
        trace(what, address, family, port > 0);
        server.close();
      });
      trace(what, returned === server);
    };
    listen('nothing');
    listen('port', 0);
    listen('port and backlog', 0, 5);
    listen('port and host', 0, '127.0.0.1');
    listen('port, host and backlog', 0, '127.0.0.1', 5);
    listen('options', {port: 0, host: '127.0.0.1', backlog: 5, exclusive: true});
    // The port wins.
    listen('port and path', {port: 0, host: '127.0.0.1', path: place.folder + '/path'});
  },
};

exports.listenOnIpv6 = {
  alone() {
    const server = traceServer('server', net.createServer());
    server.listen({port: 0, host: '::1', ipv6Only: true}, () => {
      name(server.address().port, 'PORT');
      trace(server.address());
      server.close();
    });
  },
};

exports.listeningAtOnce = {
  alone() {
    const server = traceServer('server', net.createServer());
    server.listen(0);
    trace(server.listening, server.address().port > 0);
    server.on('listening', () => server.close());
  },
};

exports.listenPaths = {
  alone(place) {
    const listen = (path, ...args) => {
      const server = net.createServer();
      server.listen(...args, () => {
        trace(server.address(), fs.existsSync(path));
        server.close(() => trace('closed', fs.existsSync(path)));
        trace(server.address(), fs.existsSync(path));
      });
    };
    const path = place.folder + '/path';
    const another = place.folder + '/another';
    const third = place.folder + '/third';
    listen(path, path);
    listen(another, another, 5);
    listen(third, {path: third});
  },
};

exports.portInUse = {
  alone() {
    const holder = net.createServer();
    holder.listen(0, '127.0.0.1', () => {
      const port = holder.address().port;
      name(port, 'HELD');
      const server = traceServer('server', net.createServer());
      server.listen(port, '127.0.0.1', () => trace('listener of the first'));
      trace(server.listening, server.address());
      server.once('error', (error) => {
        traceMembers(error);
        trace(server.listening, server.address());
        server.listen(0, '127.0.0.1', () => {
          trace(server.address().port !== port);
          server.close();
          holder.close();
        });
      });
    });
  },
};

exports.pathInUse = {
  alone(place) {
    const path = place.folder + '/file';
    fs.writeFileSync(path, 'kept');
    const server = traceServer('server', net.createServer());
    server.on('error', traceMembers);
    server.listen(path);
    server.on('error', () => trace(fs.existsSync(path)));
  },
};

exports.pathInNoFolder = {
  alone(place) {
    const server = traceServer('server', net.createServer());
    server.on('error', traceMembers);
    server.listen(place.folder + '/missing/path');
  },
};

exports.addressOfOthers = {
  alone() {
    const server = traceServer('server', net.createServer());
    server.on('error', traceMembers);
    server.listen(0, '192.0.2.1');
  },
};

exports.listenAgain = {
  alone() {
    const server = traceServer('server', net.createServer());
    server.listen(0, '127.0.0.1', () => {
      name(server.address().port, 'FIRST');
      trace(server.listening, server.address());
      server.close((error) => {
        trace('closed', error, server.listening, server.address());
        server.listen(0, '127.0.0.1', () => {
          trace(server.listening);
          server.close((error) => trace('closed again', error));
        });
      });
    });
  },
};

exports.listenOnServer = {
  alone() {
    const holder = net.createServer();
    holder.listen(0, '127.0.0.1', () => {
      name(holder.address().port, 'HELD');
      const server = traceServer('server', net.createServer());
      server.listen(holder, () => {
        trace(server.address());
        server.close(() => holder.close());
      });
    });
  },
};

exports.listenOnNoDescriptor = {
  alone() {
    const server = traceServer('server', net.createServer());
    server.on('error', traceMembers);
    server.listen({fd: 99999});
    trace(server.listening);
  },
};

exports.listenWhileListening = {
  alone() {
    const server = traceServer('server', net.createServer());
    server.listen(0, '127.0.0.1');
    server.once('listening', () => {
      try {
        server.listen(0, '127.0.0.1', () => trace('moved'));
      } catch (error) {
        trace('throws', error);
      }
      setImmediate(() => server.close());
    });
  },
};

exports.closeBeforeListening = {
  alone() {
    const server = traceServer('server', net.createServer());
    server.listen(0, () => trace('listener'));
    trace(server.listening);
    server.close((error) => trace('closed', error));
    trace(server.listening, server.address());
  },
};

exports.closeTwice = {
  alone() {
    const server = traceServer('server', net.createServer());
    server.listen(0, '127.0.0.1', () => {
      server.close((error) => trace('first', error));
      trace(server.listening, server.address());
      server.close((error) => trace('second', error));
    });
  },
};

exports.unrefServer = {
  alone() {
    const server = traceServer('server', net.createServer());
    afterwards(() => server.removeAllListeners().close());
    server.unref().ref().unref().unref();
    server.listen(0, '127.0.0.1');
  },
};
