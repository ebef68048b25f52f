namespace Orleans.Streaming;

/// <summary>What one pull of a stream gives: a list of elements of the stream's type (null for none), and whether they are the last ones.</summary>
internal sealed record EnumerationStep(EnumerationStatus Status, object? Elements = null, Exception? Exception = null, bool IsLast = false);
