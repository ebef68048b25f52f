namespace Orleans.Streaming;

internal interface IBatchedStream
{
    int MaxBatchSize { get; set; }
}
