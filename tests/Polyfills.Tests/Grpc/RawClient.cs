using System.Net;
using System.Net.Http.Headers;

namespace OrleansLM.Polyfills.Tests.Grpc;

/// <summary>Sends any bytes as a call of the trial service, with plain HTTP/2.</summary>
public sealed class RawClient(string address) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(30) };

    public Task<RawResponse> PostAsync(string method, byte[] body, params (string Name, string Value)[] headers) =>
        SendAsync(method, new ByteArrayContent(body), HttpVersion.Version20, "application/grpc", headers);

    public async Task<RawResponse> SendAsync(
        string method,
        HttpContent content,
        Version version,
        string? contentType,
        params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/polyfills.trial.Trial/{method}")
        {
            Content = content,
            Version = version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        request.Headers.TryAddWithoutValidation("te", "trailers");
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        byte[] body = await response.Content.ReadAsByteArrayAsync();
        Dictionary<string, string> all = response.Headers.Concat(response.TrailingHeaders)
            .GroupBy(header => header.Key.ToUpperInvariant())
            .ToDictionary(group => group.Key, group => string.Join(",", group.Last().Value), StringComparer.OrdinalIgnoreCase);
        return new RawResponse((int)response.StatusCode, all, body, all.GetValueOrDefault("grpc-status"), all.GetValueOrDefault("grpc-message"));
    }

    public void Dispose() => _http.Dispose();
}
