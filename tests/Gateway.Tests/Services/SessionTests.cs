using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using OrleansLM.Contracts.V1;
using OrleansLM.Gateway.Tests.Serving;

namespace OrleansLM.Gateway.Tests.Services;

[Collection(ServerCollection.Name)]
public sealed class SessionTests(SharedServer shared)
{
    private LiveServer Server => shared.Live;

    [Fact]
    public async Task A_session_is_kept_as_it_was_made()
    {
        var created = await Server.Sessions.CreateAsync(new CreateSessionRequest
        {
            SessionId = "made",
            Model = "tiny-yarn-mistral-128k",
            SamplingDefaults = new SamplingParameters { Temperature = 0.5f, Seed = 3, LogitBias = { { 5, -1f } } },
            StopDefaults = new StopConditions { MaxTokens = 7, Stop = { "x" }, IgnoreEos = true },
            Ttl = Duration.FromTimeSpan(TimeSpan.FromHours(1)),
            Tenant = "tests",
            Metadata = { { "a", "1" } },
        });
        Assert.Equal(created, await Server.Sessions.GetAsync(new GetSessionRequest { SessionId = "made" }));
        Assert.Equal(new SamplingParameters { Temperature = 0.5f, Seed = 3, LogitBias = { { 5, -1f } } }, created.SamplingDefaults);
        Assert.Equal(new StopConditions { MaxTokens = 7, Stop = { "x" }, IgnoreEos = true }, created.StopDefaults);
        Assert.Equal(("tests", "1", 0L), (created.Tenant, created.Metadata["a"], created.Length));
        Assert.Equal(TimeSpan.FromHours(1), created.ExpireTime.ToDateTime() - created.CreateTime.ToDateTime());
    }

    [Fact]
    public async Task A_deleted_session_is_gone_and_its_name_is_free()
    {
        await Server.Sessions.CreateAsync(new CreateSessionRequest { SessionId = "gone" });
        await Server.Sessions.DeleteAsync(new DeleteSessionRequest { SessionId = "gone" });
        Assert.Equal(StatusCode.NotFound, (await Failure.OfAsync(Server.Sessions.GetAsync(new GetSessionRequest { SessionId = "gone" }))).Code);
        Assert.Equal("gone", (await Server.Sessions.CreateAsync(new CreateSessionRequest { SessionId = "gone" })).SessionId);
    }

    [Fact]
    public async Task A_listing_goes_page_by_page_newest_first()
    {
        for (var i = 0; i < 5; i++)
        {
            await Server.Sessions.CreateAsync(new CreateSessionRequest { SessionId = $"listed-{i}", Tenant = "listing" });
        }

        var found = new List<string>();
        var pages = 0;
        var request = new ListSessionsRequest { Tenant = "listing", PageSize = 2 };
        do
        {
            var page = await Server.Sessions.ListAsync(request);
            found.AddRange(page.Sessions.Select(session => session.SessionId));
            request.PageToken = page.NextPageToken;
            pages++;
        }
        while (request.PageToken.Length > 0);

        Assert.Equal(["listed-4", "listed-3", "listed-2", "listed-1", "listed-0"], found);
        Assert.Equal(3, pages);
    }
}
