namespace OrleansLM.Polyfills.Tests.Orleans.Calls;

[GenerateSerializer, Alias("test.Parcel")]
public sealed class Parcel
{
    [Id(0)]
    public string Label { get; set; } = "";

    [Id(1)]
    public List<int> Numbers { get; set; } = [];

    [Id(2)]
    public Parcel? Inner { get; set; }

    [Id(3)]
    public Dictionary<string, int[]> Table { get; set; } = [];

    [NonSerialized]
    public string? Secret;
}
