namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>Where attention cuts a sequence: at fixed positions, as softmax.cuh has them.</summary>
internal static class AttentionSplits
{
    /// <summary>The split that a position lies in.</summary>
    public static int Of(int position) => position switch
    {
        < 1024 => position / 128,
        < 2048 => 8 + (position - 1024) / 256,
        < 4096 => 12 + (position - 2048) / 512,
        < 16384 => 16 + (position - 4096) / 1024,
        _ => 28 + (position - 16384) / 2048,
    };

    /// <summary>Splits that a launch for positions up to this one has: rounded up, so that a recorded step serves many positions.</summary>
    public static int Bucket(int position)
    {
        var splits = Of(Math.Max(0, position)) + 1;
        return splits <= 8 ? 8 : splits <= 28 ? (splits + 3) / 4 * 4 : (splits - 28 + 7) / 8 * 8 + 28;
    }
}
