// What a person does with the page, in a person's words: the flows know almost no element of it.

export class Phone {
  constructor(page, number) {
    this.page = page
    this.number = number
  }

  /** Comes in with a number. */
  static async enter(page, number) {
    await page.getByLabel('Your number').fill(number)
    await page.getByRole('button', { name: 'Connect' }).click()
    const phone = new Phone(page, number)
    await phone.says('Connected')
    return phone
  }

  /** Waits until the page says this of its connection. */
  async says(text) {
    await this.page.getByRole('status').filter({ hasText: text }).waitFor()
  }

  /** Connects again as soon as it can. */
  async tryNow() {
    const button = this.page.getByRole('button', { name: 'Try now' })
    const open = this.page.locator('[data-state=open]')
    await button.or(open).waitFor({ state: 'attached' })
    // It may have tried by itself in this moment.
    await button.click({ timeout: 1000 }).catch(() => {})
    await this.says('Connected')
  }

  /** Goes back to the list, where the screen has no room for both. */
  async back() {
    const back = this.page.getByRole('button', { name: 'Back to all chats' })
    if (await back.isVisible()) await back.click()
    await this.find.waitFor()
  }

  get find() {
    return this.page.getByLabel('Search people and messages')
  }

  /** The row of the list in which this text stands. */
  row(text) {
    return this.page.getByRole('list', { name: 'Chats and people' }).getByRole('button').filter({ hasText: text }).first()
  }

  /** Opens the chat with a number. */
  async turnTo(number) {
    await this.back()
    await this.find.fill(number)
    await this.row(number).click()
    await this.page.getByRole('heading', { name: number, level: 2 }).waitFor()
  }

  /** The line in which one writes. */
  get line() {
    return this.page.getByLabel('Message', { exact: true })
  }

  /** Writes into the open chat. */
  async write(text) {
    await this.line.fill(text)
    await this.page.getByRole('button', { name: 'Send' }).click()
  }

  /** The messages of the open chat that have exactly this text. */
  message(text) {
    const exactly = new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)
    const body = this.page.locator('.text').filter({ hasText: exactly })
    return this.page.getByRole('log').getByRole('listitem').filter({ has: body })
  }

  /** The texts of the open chat, as far as they are on the page. */
  texts() {
    return this.page.locator('[role=log] .text').allInnerTexts()
  }

  /** Waits until a text stands in the open chat. */
  async reads(text) {
    await this.message(text).first().waitFor()
  }

  /** Waits until the page says this of a message of its own. */
  async isTold(text, note) {
    await this.message(text).and(this.page.locator(`[data-note=${JSON.stringify(note)}]`)).first().waitFor()
  }

  /** Does something with a message: a button of its menu. */
  async choose(text, button) {
    await this.message(text).last().getByRole('button', { name: 'What can be done' }).click()
    await this.page.getByRole('dialog').getByRole('button', { name: button }).click()
  }

  /** Presses a button of the page, or of its dialog. */
  async press(name) {
    await this.page.getByRole('button', { name, exact: true }).last().click()
  }
}

/** Somebody with an account: the same page, behind its other door. */
export class User extends Phone {
  /** Makes an account and comes in with it. */
  static async register(page, name, { stay = false } = {}) {
    await page.getByRole('button', { name: 'With a name' }).click()
    return User.signIn(page, name, 'Create an account', stay)
  }

  static async signIn(page, name, button = 'Sign in', stay = false) {
    await page.getByLabel('Name', { exact: true }).fill(name)
    await page.getByLabel('Password').fill(`the password of ${name}`)
    if (stay) await page.getByLabel('Stay signed in').check()
    await page.getByRole('button', { name: button }).click()
    const user = new User(page, name)
    await user.says('Connected')
    return user
  }
}
