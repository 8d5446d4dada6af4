/**
 * One step of the schema. Forward only and append only: a released migration never changes. All statements run in
 * one transaction together with the new version number, with foreign keys off, so that rebuilding a parent table
 * cannot cascade into its children; `foreign_key_check` must be empty before the commit.
 */
export interface Migration {
  /** `NNNN-noun`, in order. */
  readonly name: string;
  readonly statements: readonly string[];
}
