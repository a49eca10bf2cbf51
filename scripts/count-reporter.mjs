// A test reporter that writes one JSON line per ended test file run: what passed, failed, was skipped and why.
export default async function* count(source) {
  const sum = { passed: 0, failed: 0, skipped: [] };
  for await (const { type, data } of source) {
    if (data?.details?.type === 'suite') continue;
    if (type === 'test:pass') {
      if (data.skip !== undefined && data.skip !== false) sum.skipped.push(`${data.name}: ${data.skip === true ? 'no reason given' : data.skip}`);
      else if (data.todo === undefined) sum.passed += 1;
    }
    if (type === 'test:fail' && data.todo === undefined) sum.failed += 1;
  }
  yield `${JSON.stringify(sum)}\n`;
}
