using System.CommandLine;
using Grpc.Core;
using OrleansLM.Cli.Client;
using OrleansLM.Contracts.V1;

namespace OrleansLM.Cli.Chat;

/// <summary><c>chat</c>: a conversation in the terminal with a running server.</summary>
public static class ChatCommand
{
    public static Command Create()
    {
        var server = ServerAddress.Option();
        var model = new Option<string>("--model") { Description = "Model to open a session with (default: the server's only one)", DefaultValueFactory = _ => "" };
        var resume = new Option<string?>("--resume") { Description = "Go on with this session instead of opening one; an interrupted answer is continued" };
        var maxTokens = new Option<int>("--max-tokens") { Description = "Longest answer, in tokens", DefaultValueFactory = _ => 256 };
        var temperature = new Option<float>("--temperature") { Description = "0 is greedy", DefaultValueFactory = _ => 0f };
        var topP = new Option<float>("--top-p") { Description = "Nucleus: (0, 1]", DefaultValueFactory = _ => 1f };
        var seed = new Option<ulong?>("--seed") { Description = "Equal seeds give equal answers (default: picked by the server)" };
        var template = new Option<string?>("--template") { Description = "Chat template: llama-2, mistral-instruct or none (default: the model's own, else plain text)" };
        var command = new Command("chat", "Talk to a model; the session is durable and can be resumed, forked and rolled back")
        {
            server, model, resume, maxTokens, temperature, topP, seed, template,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using var channel = ServerAddress.Connect(parsed.GetValue(server)!);
            var sampling = new SamplingParameters { Temperature = parsed.GetValue(temperature), TopP = parsed.GetValue(topP) };
            if (parsed.GetValue(seed) is { } value)
            {
                sampling.Seed = value;
            }

            var settings = new ChatSettings(sampling, new StopConditions { MaxTokens = parsed.GetValue(maxTokens) }, parsed.GetValue(template));
            var loop = new ChatLoop(new Sessions.SessionsClient(channel), new Models.ModelsClient(channel), settings, Console.In, Console.Out);
            try
            {
                return await loop.RunAsync(parsed.GetValue(model)!, parsed.GetValue(resume), cancellationToken);
            }
            catch (RpcException error)
            {
                await Console.Error.WriteLineAsync(error.StatusCode == StatusCode.Unavailable
                    ? $"orleanslm chat: no server answers at {string.Join<Uri>(", ", parsed.GetValue(server)!)}; start one with './orleanslm up' ({error.Status.Detail})"
                    : $"orleanslm chat: {error.Status.Detail} ({error.StatusCode})");
                return 1;
            }
        });
        return command;
    }
}
