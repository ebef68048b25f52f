using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>The fields of <see cref="Exception"/> that make one that was thrown elsewhere.</summary>
internal static class ExceptionParts
{
    /// <summary>The message as it was given, which some classes add to.</summary>
    public static string? OwnMessage(Exception exception) => Message(exception);

    public static void Set(Exception exception, string? message, Exception? inner, string? stackTrace, int hResult)
    {
        Message(exception) = message;
        Inner(exception) = inner;
        RemoteStackTrace(exception) = stackTrace is null ? null : stackTrace + Environment.NewLine;
        exception.HResult = hResult;
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string? Message(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_innerException")]
    private static extern ref Exception? Inner(Exception exception);

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_remoteStackTraceString")]
    private static extern ref string? RemoteStackTrace(Exception exception);
}
