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
    await page.getByText(/^open$/).waitFor()
    return new Phone(page, number)
  }

  /** Writes to a number. */
  async write(to, text) {
    await this.page.getByLabel('To', { exact: true }).fill(to)
    await this.page.getByLabel('Message', { exact: true }).fill(text)
    await this.page.getByRole('button', { name: 'Send' }).click()
  }

  /** Waits until a text stands among the messages. */
  async reads(text) {
    await this.page.getByRole('log').getByText(text).waitFor()
  }

  /** Waits until the page says this of a message of its own. */
  async isTold(text, status) {
    await this.page.locator(`li[data-status="${status}"]`).getByText(text).waitFor()
  }
}
