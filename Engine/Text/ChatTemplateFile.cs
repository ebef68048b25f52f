using System.Text.Json;
using OrleansLM.Engine.Weights;

namespace OrleansLM.Engine.Text;

/// <summary>
/// Finds out which template a model folder names. Templates are programs (Jinja); none is run. One that is known is recognised by the markers that it
/// writes, and one that writes others as well is refused.
/// </summary>
internal static class ChatTemplateFile
{
    private static readonly string[] OtherMarkers = ["<|", "[AVAILABLE_TOOLS]", "[TOOL_CALLS]", "[SYSTEM_PROMPT]", "<start_of_turn>", "### "];

    public static ChatTemplate Read(string directory)
    {
        var jinja = Path.Combine(directory, "chat_template.jinja");
        if (File.Exists(jinja))
        {
            return Recognise(File.ReadAllText(jinja), jinja);
        }

        var config = Path.Combine(directory, TokenizerConfigFile.Name);
        return File.Exists(config) ? ReadConfig(config) : ChatTemplate.None;
    }

    private static ChatTemplate ReadConfig(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var template = new JsonPlace(document.RootElement, "$", path)["chat_template"];
            return template.IsNull ? ChatTemplate.None : Recognise(DefaultOf(template), $"{path}: {template.Path}");
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"{path} is not JSON: {e.Message}", e);
        }
    }

    /// <summary>One template, or several with names of which one is "default".</summary>
    private static string DefaultOf(JsonPlace template)
    {
        if (template.Value.ValueKind == JsonValueKind.String)
        {
            return template.Text();
        }

        var named = template.Items().FirstOrDefault(item => item["name"].Text() == "default");
        return named.IsNull ? throw template.Refuse("has no template named \"default\"") : named["template"].Text();
    }

    private static ChatTemplate Recognise(string template, string place)
    {
        var instructs = template.Contains("[INST]", StringComparison.Ordinal) && template.Contains("[/INST]", StringComparison.Ordinal);
        var foreign = OtherMarkers.FirstOrDefault(marker => template.Contains(marker, StringComparison.Ordinal));
        if (!instructs || foreign is not null)
        {
            var names = string.Join(", ", ChatTemplate.All.Select(known => known.Name));
            throw new CheckpointException($"{place} is a chat template that is not known{(foreign is null ? "" : $" (it writes '{foreign}')")}; choose one by name: {names}");
        }

        return ChatTemplate.Named(template.Contains("<<SYS>>", StringComparison.Ordinal) ? "llama-2" : "mistral-instruct");
    }
}
