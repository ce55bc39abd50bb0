import type { OrderPayment, Person } from "../../types/order-payments"

/** Says names where the server named people of a payment's history by their ids. Pure. */
export function withNames(text: string, payment: OrderPayment): string {
  const people: (Person | null)[] = [
    payment.accepted_by,
    ...[...payment.transitions, ...payment.exceptions, ...payment.refunds].map((one) => one.actor),
  ]
  return people.reduce(
    (named, person) => (person === null ? named : named.replaceAll(person.id, person.name)),
    text,
  )
}
