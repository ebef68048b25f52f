using Google.Protobuf;
using Grpc.Core;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Services;

/// <summary>Export and Import through the wire: what comes in whole goes on, and what does not is refused with its reason.</summary>
[Collection(ServerCollection.Name)]
public sealed class ArchiveTests(SharedServer shared)
{
    private LiveServer Server => shared.Live;

    [Fact]
    public async Task A_session_comes_back_from_its_archive_with_its_answers()
    {
        var session = await Server.OpenAsync("The carriage stopped before the house, and");
        var request = new GenerateRequest { SessionId = session.SessionId, Input = new Input { Text = " then" }, Stop = new StopConditions { MaxTokens = 12, IgnoreEos = true }, IdempotencyKey = "key" };
        var turn = await Server.GenerateAsync(request);
        var archive = await ExportAsync(session.SessionId);
        var copy = await ImportAsync(archive, pieceBytes: archive.Length / 3);
        Assert.Equal(await Server.HistoryAsync(session.SessionId), await Server.HistoryAsync(copy.SessionId));
        Assert.True(copy.ComputedLength > 0);
        request.SessionId = copy.SessionId;
        var again = await Server.GenerateAsync(request);
        Assert.Equal(turn.Ids, again.Ids);
        Assert.True(again.Started.Resumed);
        Assert.Equal((await Server.Sessions.GetAsync(new GetSessionRequest { SessionId = session.SessionId })).Length, copy.Length);
    }

    [Fact]
    public async Task What_is_damaged_is_refused_and_the_server_goes_on()
    {
        var archive = await ExportAsync((await Server.OpenAsync("The carriage stopped")).SessionId);
        var flipped = archive.ToArray();
        flipped[^(archive.Length / 2)] ^= 1;
        foreach (var (bytes, text) in new[] { (archive[..^9], "cut short"), (flipped, "refused"), (new byte[40], "does not begin with"), ([], "cut short") })
        {
            var failure = await Failure.OfAsync(() => ImportAsync(bytes, pieceBytes: 1 << 20));
            Assert.Equal((StatusCode.InvalidArgument, "ARCHIVE_REFUSED", "data"), (failure.Code, failure.Info?.Reason, Assert.Single(failure.Fields)));
            Assert.Contains(text, failure.Message, StringComparison.Ordinal);
        }

        var nothing = await Failure.OfAsync(async () =>
        {
            using var call = Server.Sessions.Import();
            await call.RequestStream.CompleteAsync();
            await call;
        });
        Assert.Equal((StatusCode.InvalidArgument, "data"), (nothing.Code, Assert.Single(nothing.Fields)));
        Assert.Equal(StatusCode.NotFound, (await Failure.OfAsync(() => ExportAsync("nobody"))).Code);
        Assert.Single((await Server.Models.ListAsync(new ListModelsRequest())).Models);
    }

    private async Task<byte[]> ExportAsync(string session)
    {
        using var call = Server.Sessions.Export(new ExportSessionRequest { SessionId = session });
        var bytes = new MemoryStream();
        await foreach (var piece in call.ResponseStream.ReadAllAsync())
        {
            piece.Data.WriteTo(bytes);
        }

        return bytes.ToArray();
    }

    private async Task<Session> ImportAsync(byte[] archive, int pieceBytes)
    {
        using var call = Server.Sessions.Import();
        var at = 0;
        do
        {
            var piece = archive.AsSpan(at, Math.Min(pieceBytes, archive.Length - at));
            await call.RequestStream.WriteAsync(new ImportSessionRequest { Data = ByteString.CopyFrom(piece) });
            at += pieceBytes;
        }
        while (at < archive.Length);
        await call.RequestStream.CompleteAsync();
        return await call;
    }
}
