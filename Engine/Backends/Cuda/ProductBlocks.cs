using OrleansLM.Engine.Backends.Cuda.Device;

namespace OrleansLM.Engine.Backends.Cuda;

/// <summary>How wide.cu and broad.cu cut a product into blocks of weight rows.</summary>
internal static class ProductBlocks
{
    private const int RingBytes = 204800;
    private const int MarginBytes = 1024 + 8192;
    private const int ShortStageRows = 64;
    private const int StageBytes = 128;

    /// <summary>Weight rows that are read in the time that one chain of products takes: a block of fewer waits for its chain, in each round.</summary>
    private const int ChainRows = 36;

    /// <summary>R of both files, ascending.</summary>
    public static ReadOnlySpan<int> Sizes => [16, 32, 48, 64, 96, 128, 176, 192, 224, 256];

    /// <summary>What the busiest multiprocessor has to do, in weight rows.</summary>
    /// <param name="weightRows">All weight rows of the launch, both sides of paired ones.</param>
    /// <param name="size">Of a block.</param>
    /// <param name="multiprocessors">Of the device.</param>
    public static int Cost(int weightRows, int size, int multiprocessors)
    {
        var rounds = (Count(weightRows, size) + multiprocessors - 1) / multiprocessors;
        return rounds == 1 ? size : rounds * Math.Max(size, ChainRows);
    }

    /// <param name="weightRows">All weight rows of the launch, both sides of paired ones.</param>
    /// <param name="size">Of a block.</param>
    /// <param name="inputRows">Rows of x that the ring has room for.</param>
    /// <param name="threads">Of a block.</param>
    /// <param name="multiprocessors">Of the device.</param>
    public static LaunchShape Shape(int weightRows, int size, int inputRows, int threads, int multiprocessors)
    {
        var stage = (size <= ShortStageRows ? 2 : 1) * StageBytes * (size + inputRows);
        return LaunchShape.Of(Math.Min(Count(weightRows, size), multiprocessors), threads, RingBytes / stage * stage + MarginBytes);
    }

    private static int Count(int weightRows, int size) => (weightRows + size - 1) / size;
}
