// Runs all checks, or those whose names contain an argument; ends with "N passed, N failed".
import {checks} from './checks.mjs';
import {launch} from './setup.mjs';

const wanted = process.argv.slice(2);
const browser = await launch();
let passed = 0, failed = 0;
for (const [name, check] of Object.entries(checks)) {
  if (wanted.length > 0 && !wanted.some((w) => name.includes(w))) continue;
  try {
    await check(browser);
    ++passed;
    console.log(`ok      ${name}`);
  } catch (error) {
    ++failed;
    console.log(`FAILED  ${name}\n        ${String(error.stack).replaceAll('\n', '\n        ')}`);
  }
}
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
