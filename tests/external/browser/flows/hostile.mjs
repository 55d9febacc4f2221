// What other people send stays text: markup, scripts, directions, control characters, texts without an end. The page
// runs none of it, and breaks in no way. (A script that ran would set `window.hurt`.)

const TEXTS = [
  '<script>window.hurt = 1</script>',
  '<img src=x onerror="window.hurt = 1">',
  '<svg onload="window.hurt = 1"><a href="javascript:window.hurt=1">x</a></svg>',
  '"><iframe srcdoc="<script>parent.hurt = 1</script>">',
  "'-alert(1)-'${window.hurt = 1}{{ window.hurt = 1 }}",
  '</li></ol></main><h1>Another page</h1>',
  '<style>* { display: none !important }</style>',
  '<meta http-equiv="refresh" content="0;url=https://evil.example">',
  '<base href="https://evil.example/"><form action="https://evil.example"><button>x</button></form>',
  'javascript:window.hurt=1 data:text/html,<script>window.hurt=1</script> vbscript:x https://evil.example/"onmouseover="window.hurt=1',
  '\u202Etxet desrever\u202C \u2066isolated\u2069 \u200F\u200E\u061C',
  'zero\u0000\u0001\u0007\u001B[31mwidth\u200B\u200D\uFEFF \u2028 \u2029',
  'مرحبا بالعالم שלום עולם',
  '👩‍👩‍👧‍👦'.repeat(50) + 'Z̷̢̛͕͔͈͉͎̮̘̤̣͙͖̪̱͍̲̗͚̓̈́͊̂́͗'.repeat(50),
  '&lt;b&gt; &amp; &#60;script&#62;',
  '__proto__',
  '[object Object]',
]

export const flags = ['--message-rate', 'off', '--byte-rate', 'off']

export default async (t) => {
  const ann = await t.newPhone('0012345678')
  const eve = await t.newFriend('0066666666')
  await ann.turnTo('0066666666')
  for (const text of TEXTS) eve.send({ type: 'message', to: '0012345678', text })
  // Ids and fields of every kind.
  for (const id of ['__proto__', 'constructor', '<b>', '"]', '\u202E', ' ', 'x'.repeat(64)]) {
    eve.send({ type: 'message', to: '0012345678', text: `with an id`, id })
    eve.send({ type: 'receipt', to: '0012345678', id, status: 'read' })
  }
  eve.send({ type: 'typing', to: '0012345678', is_typing: true })
  eve.send({ type: 'signal', to: '0012345678', data: { __proto__: { x: 1 }, html: '<script>window.hurt = 1</script>' } })
  eve.send({ type: 'message', to: '0012345678', text: 'W'.repeat(16_000) })
  eve.send({ type: 'message', to: '0012345678', text: 'the end' })
  await ann.reads('the end')
  const found = await ann.page.evaluate(() => ({
    texts: [...document.querySelector('[role=log]').querySelectorAll('li')].map((item) => item.textContent),
    // No element of a message comes from its text, and nothing has run.
    strange: [...document.querySelectorAll('[role=log] :is(script, img, svg, iframe, style, form, base, meta, h1)')].length,
    hurt: window.hurt,
    headings: document.querySelectorAll('h1').length,
    width: [document.documentElement.scrollWidth, innerWidth],
    address: location.pathname,
  }))
  for (const text of TEXTS) t.holds(found.texts.some((shown) => shown.includes(text)), `this is shown as it is: ${text}`)
  t.same([found.strange, found.hurt, found.address], [0, undefined, '/'], 'elements, scripts, place')
  t.holds(found.width[0] <= found.width[1], `the page is ${found.width[0]} wide in ${found.width[1]}`)
  // The answer to it is a message like any other.
  await ann.write('<b>bold</b>')
  await t.until(() => eve.frames.some(({ text }) => text === '<b>bold</b>'), 'eve has it')
}
