// Listeners: order, removal, exceptions. On sockets that are destroyed, for that takes no peer.
'use strict';

const net = require('net');
const {trace} = require('./parity.js');

exports.listenersInOrder = {
  alone() {
    const socket = new net.Socket();
    const first = () => trace('first');
    socket.on('close', first);
    socket.on('close', () => trace('second'));
    socket.prependListener('close', () => trace('in front'));
    socket.prependOnceListener('close', () => trace('in front of that'));
    socket.once('close', () => trace('once', socket.listenerCount('close')));
    socket.on('close', first);
    socket.removeListener('close', first);  // the last place where it was added
    trace(socket.listenerCount('close'), socket.listenerCount('error'));
    socket.destroy();
  },
};

exports.listenersDuringEmission = {
  alone() {
    const socket = new net.Socket();
    const removed = () => trace('removed meanwhile');
    socket.on('close', () => {
      trace('first');
      socket.off('close', removed);
      socket.on('close', () => trace('added meanwhile'));
    });
    socket.on('close', removed);
    socket.once('close', () => trace('last', socket.listenerCount('close')));
    socket.destroy();
  },
};

exports.allListenersRemoved = {
  alone() {
    const socket = new net.Socket();
    socket.on('close', () => trace('removed'));
    socket.removeAllListeners('close');
    trace(socket.listenerCount('close'));
    socket.on('close', () => trace('added again'));
    socket.destroy();
  },
};

exports.errorInListener = {
  alone() {
    const socket = new net.Socket();
    socket.on('error', (error) => {
      trace('error', error);
      throw new Error('thrown on purpose');
    });
    socket.on('error', () => trace('not reached'));
    socket.on('close', (hadError) => trace('close', hadError));
    socket.destroy(new Error('mine'));
  },
};

exports.unheardError = {
  alone(place) {
    const socket = net.connect(place.nobody, '127.0.0.1');
    socket.on('close', (hadError) => trace('close', hadError));
  },
};

exports.unheardServerError = {
  alone() {
    const server = net.createServer();
    server.on('close', () => trace('close'));
    server.listen(0, '192.0.2.1');
  },
};
