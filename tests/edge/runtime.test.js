// Nobody can run cloudfront-js-2.0 but CloudFront. It is ES 5.1 with a part of what came later.

const assert = require('node:assert/strict');
const fs = require('node:fs');
const { test } = require('node:test');
const { FOLDER, source } = require('./edge_function.js');

const LACKING = {
    modules: /^\s*(export|import)\b|\brequire\(/m,
    'for...of': /\bfor\s*\([^)]*\sof\s/,
    'optional chaining': /\?\.|\?\?/,
    'spread': /\.\.\./,
    destructuring: /\b(const|let|var)\s*[[{]/,
    classes: /\bclass\s/,
    'dynamic code': /\beval\(|\bnew Function\b/,
};

for (const name of fs.readdirSync(FOLDER)) {
    test(`${name} uses nothing that CloudFront lacks`, () => {
        const code = source(name).replace(/^\s*\/\/.*$/gm, '');
        const found = Object.keys(LACKING).filter((feature) => LACKING[feature].test(code));
        assert.deepEqual(found, []);
        assert.ok(source(name).length < 10 * 1024);
    });
}
