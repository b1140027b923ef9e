/** JSON texts that change when they are parsed and serialized again. */
export const notRebuilt: readonly string[] = [
  '12345678901234567890',
  '1.50',
  '1e400',
  '-0',
  '1E3',
  '{"id":9007199254740993}',
  '{"b":1,"a":2,"10":3,"9":4}',
  '{"a":1,"a":2}',
  '{"__proto__":1e400}',
  String.raw`{"text":"caf\u00e9\/","\u0061":"\ud83d\ude00"}`,
  '[ 1 , 2 ]',
  '{\n  "a": [\n    -0\n  ]\n}',
];
