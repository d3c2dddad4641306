// Runs one half of scenarios, one after another, on Node; parity_peer.cc does on Sprocket.
//
//   node parity_peer.js server|client|alone tcp|path FOLDER NOBODY SCENARIO...
//
// FOLDER has a folder for each scenario, in which the halves meet; nobody listens on the port
// NOBODY of 127.0.0.1. Without arguments it tells the names of all scenarios. See parity_test.cc.
'use strict';

const fs = require('fs');
const {afterwards, name, trace} = require('./parity.js');

const scenarios = Object.assign(
    {}, ...['arguments', 'fresh', 'emitter', 'connect', 'listen', 'serve', 'write', 'read', 'end']
            .map((group) => require(`./${group}.js`)));

const [half, venue, folder, nobody, ...wanted] = process.argv.slice(2);
if (!half) Object.keys(scenarios).forEach((each) => trace(each));

function placeOf(scenario) {
  const place = {host: '127.0.0.1', nobody: Number(nobody), folder: `${folder}/${scenario}`};
  if (venue === 'path') return {...place, path: place.folder + '/socket'};
  if (half !== 'client') return {...place, port: 0};
  return {...place, port: Number(fs.readFileSync(place.folder + '/place', 'utf8'))};
}

// A client waits for its server.
function awaitServer(scenario) {
  const moment = new Int32Array(new SharedArrayBuffer(4));
  while (!fs.existsSync(`${folder}/${scenario}/place`)) Atomics.wait(moment, 0, 0, 1);
}

function run(scenario) {
  trace(':begin', scenario);
  if (half === 'client') awaitServer(scenario);
  const place = placeOf(scenario);
  name(place.nobody, 'NOBODY');
  name(place.folder, 'FOLDER');
  if (half === 'client' && place.port) name(place.port, 'PLACE');
  scenarios[scenario][half](place);
}

let running;
function runNext() {
  running = wanted.shift();
  if (running) setImmediate(run, running);
}

process.on('uncaughtException', (error) => trace('uncaught', error));

// The loop has ended, as it would end the program.
process.on('beforeExit', () => {
  if (!running) return;
  trace('exit');
  trace(':end', running);
  afterwards.run();
  runNext();
});

if (half) runNext();
