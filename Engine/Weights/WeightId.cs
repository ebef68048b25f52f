namespace OrleansLM.Engine.Weights;

/// <summary>One weight of a model. <paramref name="Layer"/> is -1 for weights that belong to no layer.</summary>
public readonly record struct WeightId(WeightRole Role, int Layer = -1)
{
    public override string ToString() => Layer < 0 ? Role.ToString() : $"layer {Layer} {Role}";
}
