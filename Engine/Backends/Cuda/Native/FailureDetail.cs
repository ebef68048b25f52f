using System.Runtime.CompilerServices;

namespace OrleansLM.Engine.Backends.Cuda.Native;

/// <summary>What a failed call was about. Put together only when it failed, so that calls which succeed allocate nothing.</summary>
[InterpolatedStringHandler]
internal ref struct FailureDetail
{
    private DefaultInterpolatedStringHandler _text;

    public FailureDetail(int literalLength, int formattedCount, int status, out bool failed)
    {
        failed = status != 0;
        _text = failed ? new DefaultInterpolatedStringHandler(literalLength, formattedCount) : default;
    }

    public void AppendLiteral(string text) => _text.AppendLiteral(text);

    public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

    public void AppendFormatted<T>(T value, string? format) => _text.AppendFormatted(value, format);

    /// <summary>The text; only of a call that failed, and once.</summary>
    public string Take() => _text.ToStringAndClear();
}
