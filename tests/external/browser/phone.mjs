// What a person does with the page, in a person's words: the flows know no element of it.

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

  /** Opens the chat with a number. */
  async turnTo(number) {
    const back = this.page.getByRole('button', { name: 'People', exact: true })
    if (await back.isVisible()) await back.click()
    await this.page.getByLabel('Number, or a part of it').fill(number)
    await this.page.getByRole('button', { name: 'Open chat' }).click()
    await this.page.getByRole('heading', { name: number, level: 2 }).waitFor()
  }

  /** Writes into the open chat. */
  async write(text) {
    await this.page.getByLabel('Message', { exact: true }).fill(text)
    await this.page.getByRole('button', { name: 'Send' }).click()
  }

  /** The messages of the open chat that have exactly this text. */
  message(text) {
    const exactly = new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`)
    return this.page.getByRole('log').getByRole('listitem').filter({ hasText: exactly })
  }

  /** Waits until a text stands in the open chat. */
  async reads(text) {
    await this.message(text).first().waitFor()
  }

  /** Waits until the page says this of a message of its own. */
  async isTold(text, note) {
    await this.message(text).and(this.page.locator(`[data-note=${JSON.stringify(note)}]`)).first().waitFor()
  }
}
