// Loaded into island by NODE_OPTIONS: writes down when each program was started and when its output had ended.
const childProcess = require('node:child_process');
const { writeFileSync } = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');

const { spawn } = childProcess;
const started = [];

childProcess.spawn = (file, words, ...rest) => {
  const entry = { text: [file, ...words].join(' '), from: performance.now() };
  const child = spawn(file, words, ...rest);
  started.push(entry);
  child.once('close', () => {
    entry.to = performance.now();
  });
  return child;
};
syncBuiltinESMExports();
process.once('exit', () => writeFileSync('/run/bench/spawned.json', JSON.stringify(started)));
