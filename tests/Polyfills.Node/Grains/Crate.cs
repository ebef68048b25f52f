namespace OrleansLM.Polyfills.Node.Grains;

[GenerateSerializer, Alias("orleanslm.test.Crate")]
public record Crate([property: Id(0)] string Label, [property: Id(1)] int Weight);
