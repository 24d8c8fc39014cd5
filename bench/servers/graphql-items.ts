import type { ItemValue } from './items.ts';

/** The list that every GraphQL server answers, made anew for each request. */
export async function listItems(limit: number): Promise<ItemValue[]> {
  return Array.from({ length: limit }, (_, index) => ({
    id: `item-${index}`,
    name: `Corrugated box ${index}`,
    quantity: index,
    price: index + 0.75,
    tags: ['cardboard', 'large', 'recyclable'],
    active: index % 2 === 0,
  }));
}

/** The schema that ours makes of its contract, for the others. */
export const ITEMS_SDL = `
  scalar Long
  type Query {
    itemsList(limit: Int!): [Item!]
  }
  type Item {
    id: String!
    name: String!
    quantity: Long!
    price: Float!
    tags: [String!]!
    active: Boolean!
  }
`;
