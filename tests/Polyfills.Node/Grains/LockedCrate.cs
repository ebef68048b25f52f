namespace OrleansLM.Polyfills.Node.Grains;

[GenerateSerializer, Alias("orleanslm.test.LockedCrate")]
public sealed record LockedCrate(string Label, int Weight, [property: Id(0)] string Key) : Crate(Label, Weight);
