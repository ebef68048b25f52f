global using Orleans;
global using ErrorCode = OrleansLM.Contracts.Errors.ErrorCode; // Orleans has a type of this name too.
