#include "data/instructions.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

namespace daclip {
namespace {

// Alternatives, separated by '|'.
using Choices = std::string_view;

// How people name a kind of damage. Empty choices: nobody says it that way.
struct Phrases {
  std::string_view label;
  Choices nouns;       // with "the", or without an article
  Choices adjectives;  // "the photo is ..."
  Choices verbs;       // that need no noun: "... it"
  Choices wishes;      // "make it ..."
};

constexpr Phrases kPhrases[] = {
    {"motion-blurry",
     "blur|blur|motion blur|camera shake|shake|blurriness|unsharpness|softness|motion|movement|camera motion|"
     "shakiness|lens blur|focus blur|defocus|out of focus blur|motion streaks|double contours|smear|smearing|"
     "camera movement",
     "blurry|blurred|blurry|unsharp|shaky|out of focus|soft|smeared|fuzzy|not sharp|not in focus|shaken|unfocused|"
     "motion blurred|motion blurry|not sharp enough|wobbly|moved",
     "sharpen|deblur|unblur|focus|stabilize|sharpen up|sharpn|steady|stabilise|deconvolve|refocus|crispen",
     "sharp|sharper|crisp|crisper|less blurry|more focused|in focus|less shaky|less soft|more detailed|less blurred|"
     "less fuzzy"},
    {"hazy",
     "haze|fog|mist|smog|haze|fog|foggy weather|smoke|haziness|fogginess|hazy air|foggy air|grey veil|veil|"
     "white veil|milky veil|morning mist|dust in the air|mistiness|morning fog|air pollution|low clouds|dense fog|"
     "thick fog",
     "hazy|foggy|misty|smoggy|milky|smoky|washed out|hazy|foggy|veiled", "dehaze|defog|dehaze|demist|defogg",
     "less hazy|less foggy|less misty|less milky|less washed out"},
    {"jpeg-compressed",
     "compression|compression artifacts|compression artefacts|jpeg artifacts|jpeg artefacts|artifacts|artefacts|"
     "blocks|block artifacts|blockiness|blocking|jpeg compression|jpeg blocks|jpg artifacts|jpg compression|"
     "jpg blocks|pixelation|compression noise|compression damage|ringing|mosquito noise|squares|little squares|"
     "blocking artifacts|blocky artifacts|compression blocks|jpeg damage|banding|pixels|pixelated blocks|blocky bits|"
     "chunky pixels|jpeg junk|jpeg blocking|ringing artifacts|messenger compression|low quality",
     "compressed|blocky|pixelated|overcompressed|jpeg compressed|jpg compressed|heavily compressed|low quality jpeg|"
     "over compressed|compressed too much|pixelly|pixely",
     "deblock|decompress|dejpeg", "less blocky|less pixelated|less compressed"},
    {"low-light",
     "darkness|low light|dark|underexposure|bad light|poor light|bad lighting|poor lighting|low lighting|"
     "low exposure|dim light|night darkness|dark exposure|gloom|lack of light|under exposure|dimness|"
     "darkness of the night",
     "dark|too dark|underexposed|dim|dark|low light|gloomy|under exposed|poorly lit|badly lit|black|pitch black|"
     "not bright enough|murky|nearly black|almost black|unlit",
     "brighten|lighten|light up|brighten up|lighten up|illuminate|enlighten|expose|relight|lift|push|"
     "raise the exposure of|increase the brightness of|turn up the light in|bring more light into|add light to|"
     "brightn",
     "bright|brighter|lighter|less dark|better lit|well lit|more bright|more visible|less dim|better exposed|"
     "a day photo"},
    {"noisy",
     "noise|grain|film grain|noise|graininess|sensor noise|speckles|speckle|iso noise|high iso noise|image noise|"
     "color noise|colour noise|noisiness|digital noise|grains|luminance noise|chroma noise|specks|camera noise|"
     "static|dots|colored dots|coloured dots",
     "noisy|grainy|speckled|noisy|grainy|gritty|speckly|snowy like an old tv|full of dots",
     "denoise|degrain|denoise|despeckle|smooth", "less noisy|less grainy|smoother|smooth|less gritty"},
    {"raindrop",
     "raindrops|rain drops|drops|water drops|drops on the lens|drops on the glass|drops on the window|"
     "water on the lens|droplets|water droplets|raindrops on the lens|raindrops on the glass|drops on the windshield|"
     "drops on the windscreen|drops of water|waterdrops|water spots|drops on my lens|drops of rain on the glass|"
     "beads of water|water beads|rain spots on the lens|wet spots on the lens|raindrop|drop|splashes on the lens|"
     "drops of rain on the window|drops from the lens|drops on the camera|wet lens|wet window|wet glass|"
     "raindrops from the lens|droplets on the glass|raindrops on the window|raindrops on the windscreen|"
     "raindrops on the windshield|water blobs on the lens|spots of water",
     "covered with drops|full of drops|covered in droplets|full of raindrops|covered in raindrops|dotted with drops|"
     "taken through a wet window|shot through a wet windscreen|taken with a wet lens",
     "", "free of drops|free of raindrops"},
    {"rainy",
     "rain|rain streaks|rainfall|falling rain|rain|streaks of rain|rain lines|heavy rain|drizzle|downpour|"
     "rain streak|streaks|rainy weather|light rain|shower|bad weather|pouring rain|storm|wet weather|rain curtain|"
     "white streaks|pouring",
     "rainy|rained on|rainy|raining|pouring|full of rain|full of rain streaks|streaky|wet|drizzly|rained",
     "derain|derain", "less rainy|look dry|dry"},
    {"shadowed",
     "shadow|shadows|cast shadow|dark shadow|shade|shadow of the photographer|my shadow|shadow on the face|"
     "shadows on the wall|shadow on the ground|hard shadows|cast shadows|harsh shadows|shadow of my hand|ugly shadow|"
     "shadow of a tree|tree shadows|shadows on the ground|shadow across the page|phone shadow|shadows on the faces|"
     "shadow of my phone",
     "shadowed|shadowy|in the shade|shaded|full of shadows|in shadow|half in shadow|covered by a shadow|"
     "partly in shadow",
     "deshadow|unshadow", "less shadowy|free of shadows"},
    {"snowy",
     "snow|snowflakes|falling snow|snow flakes|flakes|snowfall|snow|flurries|blizzard|snow storm|snowstorm|"
     "snow in the air|flakes of snow|white flakes|sleet|snow flurry|snowing",
     "snowy|snowed on|full of snowflakes|full of flakes|snowy|snowing|covered by snowflakes|full of snow",
     "desnow|unsnow", "less snowy|free of snow"},
    {"uncompleted",
     "holes|hole|missing parts|missing areas|missing pieces|gaps|scratches|missing pixels|white patches|torn parts|"
     "damaged parts|blank areas|blank spots|missing part|scratch|tears|tear|cracks|creases|crease|rips|rip|"
     "missing corner|missing regions|masked areas|erased parts|white holes|white gap|white gaps|empty spots|"
     "empty areas|fold|folds|torn corner|white spots|missing bits|crack|blanks|torn off corner|cut out parts",
     "incomplete|torn|scratched|damaged|uncompleted|full of holes|cracked|creased|ripped|missing pieces|"
     "missing parts|full of scratches|not complete|missing a corner|missing some parts",
     "inpaint|complete|fill in|fill|inpaint|infill|patch", "complete|whole|whole again|complete again"},
};
static_assert(std::size(kPhrases) == size_t(kDegradationCount));

constexpr Choices kOpeners =
    "please|can you|could you|could you please|can you please|i want you to|i would like you to|i'd like you to|"
    "kindly|would you|pls|just|now|hi|hello|hey|help me|try to|i need you to|you should|we need to|i need to|"
    "i want to|dear program|first|ok";
constexpr Choices kClosers =
    "please|thanks|thank you|for me|if possible|if you can|as good as you can|asap|in this photo|in the picture|"
    "from this image|in the background|in the foreground|from my holiday picture|on this shot|of my dog|at the beach|"
    "from the wedding|for my grandmother|for the report|in the sky|of the house|on the left|pls|now|today|"
    "it ruins everything|it looks terrible|for print|for the newspaper|of the kids|from last night|that i took|"
    "in my picture|of the car|of our trip|everywhere|on the street|in the mountains";
constexpr Choices kIt =
    "it|this|the photo|this photo|the picture|this picture|the image|this image|my photo|my picture|that|the shot|"
    "this shot|the scan|my pic|the pic|this pic|the whole thing|these photos|the scene|the frame|my image|our photo|"
    "the face|the street|the sky";
constexpr Choices kPhoto =
    "photo|picture|image|shot|photograph|pic|snapshot|scan|photo of my cat|picture of a street|photo of the beach|"
    "image of a house|frame|street|scene|selfie|portrait|landscape|old photo|phone photo|night photo";
constexpr Choices kRemove =
    "remove|remove|delete|get rid of|take away|take out|erase|eliminate|fix|repair|correct|clean|clean up|clear|"
    "clear away|wipe away|wipe off|reduce|lessen|undo|drop|lose|filter out|strip|cut|kill|suppress|clean away|"
    "take off|deal with|do something about|do away with|edit out|sort out|minimise|minimize|lower|cancel|rub out|"
    "handle|improve|treat|attack|dim|fade|wash off|mend|tidy up|work on|tackle|tone down|soften|weaken|fill|fill in|"
    "close|brush away|scrub|dial down|cure|get the better of|make invisible|cut down|clear up|restore|retouch";
constexpr Choices kRemoved =
    "removed|gone|deleted|fixed|repaired|cleaned|erased|away|taken out|corrected|out|cleared|off|reduced|filled|"
    "cleaned up|eliminated|treated|mended|wiped away";
constexpr Choices kKeep =
    "keep|keep|leave|preserve|retain|do not touch|don't touch|do not remove|don't remove|maintain|leave in|save|"
    "do not change|don't change|never touch|don't delete|do not delete|don't fix|do not fix|don't alter|leave alone|"
    "do not alter|don't mess with|spare|protect|ignore|don't reduce|do not correct|don't take away|skip|respect|"
    "dont touch|dont remove|hold on to|i like|i love|i want to keep|conserve|stay away from|do not erase|don't erase|"
    "without removing|not";
constexpr Choices kDoNot =
    "do not|don't|dont|never|please do not|you must not|but do not|no need to|without having to|there is no need to|"
    "you don't have to|rather not|i do not want you to|i don't want you to";
constexpr Choices kKeepAfter =
    "stays|must stay|should stay|is fine|can stay|is ok|is okay|shall stay|has to stay|is intentional|belongs there|"
    "is wanted|may stay|is good|looks nice|should remain|must remain|stay|are fine|are ok|are wanted|should be kept|"
    "must be kept|is part of the mood|is deliberate|is not to be touched|shall remain|remains|is on purpose|i like";
constexpr Choices kUntouched =
    "as it is|as they are|alone|untouched|there|in place|unchanged|intact|be|as is|in|where it is|like it is|how it is";
constexpr Choices kBut =
    "but|and|, but|but please|, and|yet|while you|; |but still|however|, |. |although|though|but also|, please";
constexpr Choices kWithoutTouching =
    "without touching|but not|and not|without removing|without changing|, not|without losing|while keeping|"
    "while preserving|while leaving|not|except|rather than|instead of|keeping|leaving|without affecting|"
    "but without touching|while you keep|and leave|and keep|but keep|but leave|with the exception of|"
    "without damaging|without altering|but do not touch|but don't touch|but not the|but preserve|and preserve|"
    "and don't touch|but spare";
constexpr Choices kRestore =
    "restore|repair|fix|improve|enhance|clean up|clean|correct|make|restore|repair|rescue|save|recover|retouch|renew|"
    "better|fix up|touch up|heal|optimize|do your best with|work your magic on|sort out|auto fix|treat|beautify|"
    "polish|mend|revive|process";
constexpr Choices kEverything =
    "restore this photo|fix everything|repair everything|make it better|make it look good|make it good again|"
    "fix whatever is wrong|repair whatever is wrong|improve the quality|remove all damage|fix all problems|"
    "repair all defects|clean everything|remove everything bad|make this photo look nice|restore all|"
    "make it beautiful|make it look new|fix all of it|repair all damage|everything|all|whatever you find|"
    "fix what you can|do what you can|make it as good as new|make it look professional|give me a clean version|"
    "correct everything|undo all damage|improve everything|remove all defects|clean up whatever you find|"
    "repair what is broken|do everything|fix all|enhance the quality|make the best of it|remove every defect|"
    "take care of everything|remove all degradations|fix every issue|clean all of it|correct all errors|auto|"
    "automatic|make it nice|make it clean|all problems|fix any issue|fix anything that is wrong|"
    "remove all artifacts and damage|full restoration|restore it completely|get everything fixed|handle everything|"
    "clean everything up|remove all the flaws|fix all the flaws|deal with all problems|repair every kind of damage";
constexpr Choices kExcept =
    "except|except for|but|apart from|but not|other than|besides|excluding|aside from|with the exception of|save for|"
    "without|minus|, but keep|, but leave|, leave|, keep|, not|but keep|and keep|, just keep|, only keep|"
    "but don't touch|but do not touch|, except|but leave|, apart from|but please keep|, do not touch|, don't touch|"
    "bar|, only not|just not|only not|, everything but|, all but";
constexpr Choices kOnly = "only|just|only|solely|nothing but|merely|simply|exclusively";
constexpr Choices kNothingElse =
    "and nothing else|only|, nothing more|and leave the rest|, leave everything else alone|, leave the rest as it is|"
    "but nothing else|and keep everything else|, do not touch anything else|, don't change anything else|"
    ", keep the rest|and leave everything else untouched|, the rest is fine|. nothing else|, that is all|"
    ", the rest stays|and that's it|, leave the rest alone|, don't touch the rest|and do not change the rest|"
    ". leave all other things|, everything else is fine|, everything else stays|. do not touch the rest|"
    "and leave it otherwise|otherwise leave it as it is";
constexpr Choices kAnythingBut =
    "do not touch anything but|don't change anything except|leave everything but|nothing but|"
    "leave everything as it is except|keep everything except|don't touch anything apart from|change nothing but|"
    "keep everything but|leave everything except|keep all but|do nothing except remove|leave everything alone except";
constexpr Choices kAndTheRest =
    "and everything else|and whatever else is wrong|and fix everything else|and all other problems|"
    "and repair the rest|and fix the rest|plus everything else|and anything else you find|and all the rest|"
    "and whatever you find|and all other damage|and other defects too|and improve the rest|and make the rest better|"
    "and clean up everything else";
constexpr Choices kEspecially =
    "especially|above all|in particular|mostly|mainly|most of all|particularly|first of all|including|starting with|"
    "notably|specially|also";
constexpr Choices kIntensity =
    "|||too|very|so|way too|really|quite|pretty|a bit|a bit too|much too|extremely|rather|super|terribly|totally|"
    "far too|somewhat|a little|always|horribly|kind of|slightly|badly|awfully|all";
constexpr Choices kThereIs =
    "there is|there's|there are|i see|i can see|too much|it has|it shows|so much|you can see|i have|we have|a lot of|"
    "lots of|there is too much|there is a lot of|it suffers from|this suffers from|it is full of|this is full of|"
    "spoiled by|ruined by|damaged by|affected by|degraded by|hidden by|hidden behind|taken in|shot in|"
    "photographed in|taken during|photo taken in|picture with|image with|photo with|a photo with|a picture with|"
    "an image with|a shot with|photo full of|photo ruined by|what about|problem:|it was taken in|it looks like|"
    "something like|my photo has|the picture has|this image has|strong|ugly|terrible|disturbing|annoying|i hate|"
    "i don't like|i do not like|i dislike|it was|covered in|covered with|covered by|because of|"
    "can't see anything because of|i cannot see anything because of|can't see through|i'm annoyed by|"
    "i am bothered by|bothered by|the problem is|the trouble is|suffering from|lost in";
constexpr Choices kMustGo =
    "must go|has to go|should go|should be removed|must be removed|needs to go|should disappear|is disturbing|"
    "is annoying|is ugly|is a problem|disturbs me|needs to be removed|has to be removed|out|away|ruins it|spoils it|"
    "must disappear|have to go|need to go|is terrible|is too strong|are annoying|are ugly|bothers me|"
    "makes it useless|need to be removed|be gone|is bad|is awful|are a problem|removal|reduction|removing|go away|"
    "off|needs fixing|needs a fix|needs work|need fixing|correction|hides everything|is everywhere|are everywhere|"
    "needs cleaning";
constexpr Choices kNoMore =
    "no|no more|without|without the|without any|i want no|i want it without|get me a version without|"
    "give me the same without|i want to see it without|show it without|show me this without|minus|"
    "make a version without|the same photo without|free it from|free from|i don't want|i do not want|"
    "i don't want any|rid it of|get it rid of|a version without|should have no|should be free of|i need it without|"
    "i want to see through|see through|away with|down with|stop|enough of|goodbye|less|much less|a lot less|fewer|"
    "less of|how would it look without|what would it look like without";
// What may follow a description: "a dark and noisy photo. fix it"
constexpr Choices kFixThat =
    "fix it|fix that|please fix|correct it|repair it|can you help|help|do something|fix both|correct this|"
    "fix this please|make it right|can you fix it|sort it out|improve it|what can you do|clean it|i need it clean|"
    "please help|fix them|remove it|take it out|can it be fixed|undo that";
// Words around the wish that say nothing about damage.
constexpr Choices kFiller =
    "a|the|my|of|in|on|at|to|from|with|for|was|is|were|we|he|she|they|it|when|while|because|so|that|which|this|and|"
    "who|there|then|very|our|his|her|through|over|under|between|taken|made|see|look|want|need|would|like|good|nice|"
    "old|new|big|small|man|woman|child|children|dog|cat|house|street|car|tree|sky|wall|face|wedding|holiday|night|"
    "day|camera|phone|lens|window|mother|father|family|friend|garden|room|city|mountain|sea|river|train|plane|number|"
    "plate|paper|page|text|print|negative|film|picture|image|photo|can|cannot|not|you|me|i|us|please|before|after|"
    "near|behind|front|across|middle|top|bottom|left|right|left|white|black|red|blue|green|water|light|time|year|"
    "only|one|two|more|some";
constexpr Choices kAnd =
    "and|and|and|, |as well as|plus|and also|&|, and|and then|together with|along with|with|and the";
constexpr Choices kMaking =
    "make|make|get|turn|render|i want|i need|i'd like|want|need|have|should be|must be|let|bring";

struct Degree {
  float strength;
  Choices before, after, of;  // "slightly remove the rain", "remove the rain a little", "remove some of the rain"
};

constexpr Degree kDegrees[] = {
    {0.4f, "slightly|gently|a bit|a little|carefully|softly|lightly|subtly|moderately|somewhat",
     "a little|a bit|slightly|a little bit|somewhat|gently|just a little|a tiny bit|a touch|just a bit|not too much|"
     "but not too much|carefully|lightly|only slightly|only a little|a tad|but only a little|but not completely|"
     "to some degree|to some extent|moderately|without overdoing it",
     "a little of|some of|a bit of|part of|a little"},
    {0.5f, "partly|partially|half", "by half|partly|half way|partially|halfway|by fifty percent|by 50|half",
     "half of|half"},
    {0.8f, "mostly|largely|nearly completely", "mostly|for the most part|almost completely|nearly completely|largely",
     "most of|nearly all of|almost all"},
    {1.f, "completely|fully|entirely|strongly|totally|really|thoroughly|heavily|properly",
     "completely|entirely|fully|totally|as much as possible|strongly|as well as you can|a lot|properly|thoroughly|"
     "for good|as far as possible|very much|for real|100|all the way|well",
     "all of|all|every bit of|as much as possible of|all this|every"},
};

std::string_view pick(Choices choices, Random& random) {
  int64_t at = random.below(int64_t(std::ranges::count(choices, '|')) + 1);
  for (; at > 0; --at) choices.remove_prefix(choices.find('|') + 1);
  return choices.substr(0, choices.find('|'));
}

class Author {
 public:
  explicit Author(Random& random) : random_(random) {}

  WrittenInstruction write() {
    const double what = random_.uniform();
    if (what < 0.40) {
      say(repairs(random_.chance(0.6) ? 1 : random_.chance(0.75) ? 2 : 3));
    } else if (what < 0.60) {
      repairs_and_keeps();
    } else if (what < 0.70) {
      everything_but();
    } else if (what < 0.77) {
      only();
    } else if (what < 0.83) {
      keeps_only();
    } else if (what < 0.90) {
      meaning_.everything = true;
      say(all());
    } else if (what < 0.94) {
      and_the_rest();
    } else {
      say(description(random_.chance(0.5) ? 1 : 2));
    }
    if (random_.chance(0.2)) text_ = cat_words(filler(), text_);
    if (random_.chance(0.15)) say(filler());
    if (random_.chance(0.25)) text_ = cat_words(pick(kOpeners, random_), text_);
    if (random_.chance(0.25)) say(pick(kClosers, random_));
    return {text_, meaning_};
  }

 private:
  static std::string cat_words(std::string_view a, std::string_view b) {
    if (a.empty() || b.empty()) return std::string(a.empty() ? b : a);
    return std::string(a) + " " + std::string(b);
  }

  void say(std::string_view words) { text_ = cat_words(text_, words); }
  std::string_view any(Choices choices) { return pick(choices, random_); }
  bool perhaps(double chance) { return random_.chance(chance); }

  std::string filler() {
    std::string text;
    for (int64_t words = 1 + random_.below(14); words > 0; --words)
      text = cat_words(text, perhaps(0.25) ? kUnheardOf : any(kFiller));
    return text;
  }

  // A kind that was not mentioned yet.
  int new_kind() {
    int kind;
    do kind = int(random_.below(kDegradationCount));
    while (mentioned_[size_t(kind)]);
    mentioned_[size_t(kind)] = true;
    return kind;
  }

  static const Phrases& phrases(int kind) {
    return *std::ranges::find(kPhrases, kLabels[size_t(kind)], &Phrases::label);
  }

  void wish(int kind, Wish wish, float strength = 1) {
    meaning_.wishes[size_t(kind)] = wish;
    meaning_.strengths[size_t(kind)] = wish == Wish::repair ? strength : 0;
  }

  std::string noun(int kind) {
    return cat_words(perhaps(0.6) ? any("the|the|the|this|that|all the|these|those|any|my|its") : "",
                     any(phrases(kind).nouns));
  }

  std::vector<int> kinds(int count) {
    std::vector<int> result;
    for (int i = 0; i < count; ++i) result.push_back(new_kind());
    return result;
  }

  std::string nouns(std::span<const int> kinds) {
    std::string text;
    for (size_t i = 0; i < kinds.size(); ++i)
      text = cat_words(text, cat_words(i == 0 ? "" : i + 1 < kinds.size() ? "," : any(kAnd), noun(kinds[i])));
    return text;
  }

  std::string adjectives(std::span<const int> kinds) {
    std::string text;
    for (size_t i = 0; i < kinds.size(); ++i) {
      if (i > 0) text = cat_words(text, any("and|and|and|,|, also|and too|and also"));
      text = cat_words(text, any(phrases(kinds[i]).adjectives));
    }
    return text;
  }

  // One sentence that asks for the repair of these kinds.
  std::string clause(std::span<const int> kinds) {
    const Degree* degree = perhaps(0.2) ? &kDegrees[random_.below(int64_t(std::size(kDegrees)))] : nullptr;
    for (const int kind : kinds) wish(kind, Wish::repair, degree ? degree->strength : 1);
    const Phrases& first = phrases(kinds.front());
    const double form = random_.uniform();
    if (kinds.size() > 1 && !degree && perhaps(0.1)) return each_without(kinds);
    if (kinds.size() == 1 && form < 0.25 && !first.verbs.empty()) {
      std::string text = cat_words(any(first.verbs), any(kIt));
      if (degree) return perhaps(0.3) ? cat_words(any(degree->before), text) : cat_words(text, any(degree->after));
      return perhaps(0.15) ? std::string(any(first.verbs)) : text;
    }
    if (form < 0.4) return wishes(kinds, degree);
    if (degree && perhaps(0.35)) return cat_words(cat_words(any(kRemove), any(degree->of)), nouns(kinds));
    if (degree)
      return perhaps(0.3) ? cat_words(any(degree->before), cat_words(any(kRemove), nouns(kinds)))
                          : cat_words(cat_words(any(kRemove), nouns(kinds)), any(degree->after));
    if (form < 0.5) return cat_words(any(kNoMore), nouns(kinds));
    if (form < 0.56) return cat_words(nouns(kinds), any(kMustGo));
    if (form < 0.6) return cat_words(cat_words(any("have|get|i want|i need|i'd like"), nouns(kinds)), any(kRemoved));
    return cat_words(any(kRemove), nouns(kinds));
  }

  // "no rain, no drops"
  std::string each_without(std::span<const int> kinds) {
    const std::string_view without = any("no|no|no more|without|less|remove|fix|away with");
    std::string text;
    for (const int kind : kinds) {
      if (!text.empty()) text = cat_words(text, any("|and|or|,"));
      text = cat_words(cat_words(text, without), noun(kind));
    }
    return text;
  }

  // "make it a bit brighter and sharper"
  std::string wishes(std::span<const int> kinds, const Degree* degree) {
    std::string text = cat_words(any(kMaking), any(kIt));
    const bool weak = degree && degree->strength < 0.8f;
    if (weak) text = cat_words(text, any("a bit|a little|slightly|somewhat|a little bit|a tad"));
    for (const int kind : kinds) wish(kind, Wish::repair, weak ? kDegrees[0].strength : 1);
    if (!degree && perhaps(0.15)) text = cat_words(text, any("much|a lot|far|really"));
    for (size_t i = 0; i < kinds.size(); ++i)
      text = cat_words(text, cat_words(i == 0 ? "" : any(kAnd), any(phrases(kinds[i]).wishes)));
    return text;
  }

  std::string repairs(int count) {
    const std::vector<int> all = kinds(count);
    if (count == 1 || perhaps(0.5)) return clause(all);
    std::string text;
    for (size_t i = 0; i < all.size(); ++i)
      text =
          cat_words(text, cat_words(i == 0 ? "" : any(kAnd), perhaps(0.1) ? complaint(all[i]) : clause({&all[i], 1})));
    return text;
  }

  std::string complaint(int kind) {
    wish(kind, Wish::repair);
    return description(std::span(&kind, 1));
  }

  std::string description(int count) {
    const std::vector<int> all = kinds(count);
    for (const int kind : all) wish(kind, Wish::repair);
    return perhaps(0.25) ? cat_words(description(all), any(kFixThat)) : description(all);
  }

  std::string description(std::span<const int> all) {
    const double form = random_.uniform();
    if (form < 0.3) return cat_words(cat_words("a", adjectives(all)), any(kPhoto));
    if (form < 0.4) return cat_words(adjectives(all), any(kPhoto));
    if (form < 0.7)
      return cat_words(cat_words(any(kIt), any("is|is|looks|came out|was|turned out|seems|are")),
                       cat_words(any(kIntensity), adjectives(all)));
    if (form < 0.95) return cat_words(any(kThereIs), nouns(all));
    return adjectives(all);
  }

  std::string keep(std::span<const int> kinds) {
    for (const int kind : kinds) wish(kind, Wish::keep);
    const Phrases& first = phrases(kinds.front());
    if (kinds.size() == 1 && perhaps(0.3)) {
      const double form = random_.uniform();
      if (form < 0.3) return cat_words(cat_words(any("keep|leave|i like|let"), any(kIt)), any(first.adjectives));
      if (form < 0.6 && !first.verbs.empty())
        return cat_words(cat_words(any(kDoNot), any(first.verbs)), perhaps(0.5) ? any(kIt) : "");
      return cat_words(cat_words(any(kDoNot), "make"), cat_words(any(kIt), any(first.wishes)));
    }
    if (perhaps(0.25)) return cat_words(nouns(kinds), any(kKeepAfter));
    std::string text = cat_words(any(kKeep), nouns(kinds));
    return perhaps(0.3) ? cat_words(text, any(kUntouched)) : text;
  }

  void repairs_and_keeps() {
    const int count = perhaps(0.7) ? 1 : 2;
    if (perhaps(0.2)) {
      say(keep(kinds(1)));
      say(any(kBut));
      say(repairs(count));
      return;
    }
    say(perhaps(0.15) ? description(count) : repairs(count));
    if (perhaps(0.1)) say(filler());
    const std::vector<int> kept = kinds(perhaps(0.8) ? 1 : 2);
    if (perhaps(0.5)) {
      for (const int kind : kept) wish(kind, Wish::keep);
      say(any(kWithoutTouching));
      say(nouns(kept));
      if (perhaps(0.2)) say(any(kUntouched));
    } else {
      say(any(kBut));
      say(keep(kept));
    }
  }

  std::string all() {
    std::string text = perhaps(0.65) ? std::string(any(kEverything)) : cat_words(any(kRestore), any(kIt));
    if (text.starts_with("make ") && perhaps(0.5))
      text = cat_words("make", cat_words(any(kIt), any("better|good|nice|look good")));
    return text;
  }

  void everything_but() {
    meaning_.everything = true;
    const std::vector<int> kept = kinds(perhaps(0.8) ? 1 : 2);
    for (const int kind : kept) wish(kind, Wish::keep);
    say(all());
    say(any(kExcept));
    say(nouns(kept));
  }

  void only() {
    const std::vector<int> wanted = kinds(perhaps(0.7) ? 1 : 2);
    if (perhaps(0.25)) {
      for (const int kind : wanted) wish(kind, Wish::repair);
      say(any(kAnythingBut));
      say(nouns(wanted));
    } else if (perhaps(0.5)) {
      say(any(kOnly));
      say(clause(wanted));
      if (perhaps(0.4)) say(any(kNothingElse));
    } else {
      say(clause(wanted));
      say(any(kNothingElse));
    }
  }

  void keeps_only() {
    meaning_.everything = true;
    if (perhaps(0.15)) {
      say(all());
      say(any("|,|.|please|and|but"));
    }
    say(keep(kinds(perhaps(0.8) ? 1 : 2)));
  }

  void and_the_rest() {
    meaning_.everything = true;
    if (perhaps(0.5)) {
      say(repairs(perhaps(0.7) ? 1 : 2));
      say(any(kAndTheRest));
    } else {
      const std::vector<int> wanted = kinds(1);
      say(all());
      say(any(kEspecially));
      for (const int kind : wanted) wish(kind, Wish::repair);
      say(nouns(wanted));
    }
  }

  Random& random_;
  std::string text_;
  InstructionMeaning meaning_;
  std::array<bool, size_t(kDegradationCount)> mentioned_{};
};

}  // namespace

WrittenInstruction draw_instruction(Random& random) { return Author(random).write(); }

}  // namespace daclip
