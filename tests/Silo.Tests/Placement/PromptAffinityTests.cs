using System.Net;
using Orleans.Runtime;
using OrleansLM.Contracts.Messages;
using OrleansLM.Silo.Models;
using OrleansLM.Silo.Placement;
using OrleansLM.Silo.Sessions;
using OrleansLM.Silo.Tests.Doubles;

namespace OrleansLM.Silo.Tests.Placement;

public sealed class PromptAffinityTests
{
    private static readonly int[] s_prompt = [.. Enumerable.Range(0, 1000)];
    private readonly HostedModel _model = new("fake", new FakeEngine());
    private readonly ClusterView _view = new();
    private readonly KnownBeginnings _known = new();
    private readonly PlacementOptions _options = new();

    [Fact]
    public void A_session_begins_where_most_of_its_prompt_is_known()
    {
        Tell(2, tokens: 300);
        Tell(3, tokens: 600);
        Tell(4, tokens: 0);
        Assert.Equal(Silo(3), Choose(s_prompt));
        Assert.Null(Choose([.. Enumerable.Range(5000, 1000)]));
    }

    [Fact]
    public void What_is_known_here_counts_against_what_is_known_elsewhere()
    {
        Tell(2, tokens: 600);
        Assert.Equal(Silo(2), Choose(s_prompt));
        _known.Note(PromptBeginnings.Of(_model.Engine.Description, s_prompt.AsSpan(0, 300)));
        Assert.Equal(Silo(2), Choose(s_prompt));
        _options.AffinityTokens = 300;
        Assert.Null(Choose(s_prompt));

        // It has begun here, so from now on all of it is known here.
        _options.AffinityTokens = 1;
        Assert.Null(Choose(s_prompt));
    }

    [Fact]
    public void A_silo_that_is_much_busier_or_drains_is_left_alone()
    {
        Tell(2, tokens: 600, running: 5);
        Tell(3, tokens: 600, drains: true);
        Tell(4, tokens: 300, running: 4);
        Assert.Equal(Silo(4), Choose(s_prompt));
        _options.AffinitySlack = 5;
        Assert.Equal(Silo(2), Choose(s_prompt));
        _options.AffinityTokens = 0;
        Assert.Null(Choose(s_prompt));
    }

    private SiloAddress? Choose(int[] prompt)
    {
        var options = Microsoft.Extensions.Options.Options.Create(_options);
        var registry = new ModelRegistry();
        registry.Add(_model);
        return new PromptAffinity(_view, _known, new LocalLoad(registry, new ActiveSessions(), _known, options), new Details(), options).Choose(_model, prompt);
    }

    private void Tell(int silo, int tokens, int running = 0, bool drains = false)
    {
        var known = new KnownBeginnings();
        known.Note(PromptBeginnings.Of(_model.Engine.Description, s_prompt.AsSpan(0, tokens)));
        _view.Update(Silo(silo), new SiloLoad { RunningTurns = running, WaitingTurns = 0, Sessions = 0, PagesUsed = 0, IsDraining = drains, Zone = "", Beginnings = known.Keys });
    }

    private static SiloAddress Silo(int number) => SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 10_000 + number), number);

    private sealed class Details : ILocalSiloDetails
    {
        public string Name => "here";

        public string ClusterId => "c";

        public string DnsHostName => "localhost";

        public SiloAddress SiloAddress { get; } = Silo(1);

        public SiloAddress GatewayAddress => SiloAddress;
    }
}
