namespace Orleans.Serialization;

/// <summary>Stands for an exception of a type that this process does not have.</summary>
public sealed class UnavailableExceptionFallbackException : Exception
{
    public UnavailableExceptionFallbackException()
    {
    }

    public UnavailableExceptionFallbackException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    internal UnavailableExceptionFallbackException(string exceptionType) => ExceptionType = exceptionType;

    public string? ExceptionType { get; }
}
