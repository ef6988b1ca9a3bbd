import type { $ZodType, $ZodTypes } from 'zod/v4/core';

/**
 * A value as forms and query strings carry it, in the types the schema asks for: "12" where a number belongs, "true" or "1" for a boolean, one
 * value for a list of one. What does not fit is left as it is, for the schema to refuse.
 */
export function coerce(schema: $ZodType, value: unknown): unknown {
  const def = (schema as $ZodTypes)._zod.def;
  switch (def.type) {
    case 'optional':
    case 'default':
    case 'prefault':
    case 'readonly':
      return value === '' && !holdsText(def.innerType) ? undefined : coerce(def.innerType, value);
    case 'nullable':
      return value === 'null' && !holdsText(def.innerType) ? null : coerce(def.innerType, value);
    case 'pipe':
      return coerce(def.in, value);
    case 'object':
      return isRecord(value) ? coerceFields(def.shape, value) : value;
    case 'array':
      if (Array.isArray(value)) return value.map((item) => coerce(def.element, item));
      return typeof value === 'string' || typeof value === 'number' ? [coerce(def.element, value)] : value;
    case 'number':
      return coerceNumber(value);
    case 'literal':
      return typeof def.values[0] === 'number' ? coerceNumber(value) : value;
    case 'boolean':
      if (value === 'true' || value === '1' || value === 1) return true;
      return value === 'false' || value === '0' || value === 0 ? false : value;
    default:
      return value;
  }
}

function coerceFields(
  shape: Readonly<Record<string, $ZodType>>,
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const fields: Record<string, unknown> = { ...value };
  for (const [name, field] of Object.entries(shape)) {
    if (Object.hasOwn(fields, name)) fields[name] = coerce(field, fields[name]);
  }
  return fields;
}

function coerceNumber(value: unknown): unknown {
  return typeof value === 'string' && /^-?\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : value;
}

function holdsText(schema: $ZodType): boolean {
  const def = (schema as $ZodTypes)._zod.def;
  if (def.type === 'nullable' || def.type === 'optional' || def.type === 'default') return holdsText(def.innerType);
  if (def.type === 'union') return def.options.some(holdsText);
  return def.type === 'string' || (def.type === 'pipe' && holdsText(def.in));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
