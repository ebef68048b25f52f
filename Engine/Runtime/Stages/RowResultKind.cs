namespace OrleansLM.Engine.Runtime.Stages;

/// <summary>What came of a row. Values are on the wire: append only.</summary>
internal enum RowResultKind
{
    /// <summary>Id, log-probability, alternatives.</summary>
    Token = 0,

    /// <summary>[V] f32.</summary>
    Logits = 1,

    /// <summary>A message.</summary>
    Error = 2,
}
