/** The schemas and the work that every contestant shares. */

export const Item = {
  type: 'object',
  properties: {
    id: { type: 'string', minLength: 1, maxLength: 64 },
    name: { type: 'string', minLength: 1, maxLength: 200 },
    quantity: { type: 'integer', minimum: 0 },
    price: { type: 'number', minimum: 0 },
    tags: { type: 'array', items: { type: 'string', maxLength: 40 }, maxItems: 20 },
    active: { type: 'boolean' },
  },
  required: ['id', 'name', 'quantity', 'price', 'tags', 'active'],
  additionalProperties: false,
} as const;

const { id: _id, ...newItemProperties } = Item.properties;

export const NewItem = {
  type: 'object',
  properties: newItemProperties,
  required: ['name', 'quantity', 'price', 'tags', 'active'],
  additionalProperties: false,
} as const;

export const ItemKey = {
  type: 'object',
  properties: { id: Item.properties.id },
  required: ['id'],
  additionalProperties: false,
} as const;

export interface ItemValue {
  id: string;
  name: string;
  quantity: number;
  price: number;
  tags: string[];
  active: boolean;
}

let created = 0;

export async function getItem(input: { id: string }): Promise<ItemValue> {
  return {
    id: input.id,
    name: 'Corrugated box, double wall',
    quantity: 42,
    price: 3.75,
    tags: ['cardboard', 'large', 'recyclable'],
    active: true,
  };
}

export async function createItem(input: Omit<ItemValue, 'id'>): Promise<ItemValue> {
  created++;
  return { id: `item-${created}`, ...input };
}
