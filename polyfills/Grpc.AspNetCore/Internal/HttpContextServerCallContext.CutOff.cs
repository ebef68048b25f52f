using Microsoft.AspNetCore.Http.Features;

namespace Grpc.AspNetCore.Server.Internal;

/// <summary>The end of a call whose deadline passes while its handler runs on.</summary>
internal sealed partial class HttpContextServerCallContext
{
    private const int Http2NoError = 0;

    // Held while the response is written to: from then on it belongs to whoever ends the call.
    private readonly Lock _response = new();
    private bool _isCutOff;

    /// <summary>Waits for the handler or the deadline; true when the deadline was first.</summary>
    public async ValueTask<bool> IsOverAsync(Task handling)
    {
        if (_deadline is null || handling.IsCompleted)
        {
            return false;
        }

        await Task.WhenAny(handling, _deadline.Over).ConfigureAwait(false);
        return !handling.IsCompleted && _deadline.Passed;
    }

    /// <summary>Ends the call for its caller: status and trailers go out, and what the caller still sends is not taken.</summary>
    public async Task CutOffAsync()
    {
        lock (_response)
        {
            _isCutOff = true;
            Status = StatusOf.Deadline;
            if (!ResponseIsBroken)
            {
                WriteStatus();
            }
        }

        if (!ResponseIsBroken && HttpContext.Features.Get<IHttpResponseBodyFeature>() is { } body)
        {
            await body.CompleteAsync().ConfigureAwait(false);
        }

        HttpContext.Features.Get<IHttpResetFeature>()?.Reset(Http2NoError);
    }

    private void ThrowIfCutOff()
    {
        if (_isCutOff)
        {
            throw new InvalidOperationException("Can't write the message because the request is complete.");
        }
    }
}
