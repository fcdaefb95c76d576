// A function of the edge as CloudFront runs it: its text, filled in, without modules and in strict mode.

const fs = require('node:fs');
const path = require('node:path');

const FOLDER = path.join(__dirname, '..', '..', 'infra', 'edge');

function source(name) {
    return fs.readFileSync(path.join(FOLDER, name), 'utf8');
}

function load(name, constants = {}) {
    const filled = Object.entries(constants).reduce((text, [key, value]) => text.replace('$' + key, value), source(name));
    return new Function(`'use strict'; ${filled}; return handler;`)();
}

module.exports = { FOLDER, load, source };
