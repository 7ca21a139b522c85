"use strict";
(function () {
  var root = document.documentElement, KEY = "talentcast-theme";
  function kept() { try { return localStorage.getItem(KEY); } catch (e) { return null; } }
  var asked = new URLSearchParams(location.search).get("theme") || kept();
  if (asked === "dark" || asked === "light") root.dataset.theme = asked;

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  document.addEventListener("DOMContentLoaded", function () {
    var button = document.querySelector(".theme");
    if (button) {
      button.hidden = false;
      var say = function () { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
      say();
      matchMedia("(prefers-color-scheme: dark)").addEventListener("change", say);
      button.addEventListener("click", function () {
        root.dataset.theme = isDark() ? "light" : "dark";
        try { localStorage.setItem(KEY, root.dataset.theme); } catch (e) { /* not kept */ }
        say();
      });
    }
    notice();
    tips();
    document.querySelectorAll("[data-embed]").forEach(function (code) {
      var address = new URL(code.dataset.embed, location.href).href;
      code.textContent = code.textContent.replace(code.dataset.embed, address);
    });
  });

  /* Which release is the newest is the one thing that an older page cannot know by itself. */
  function notice() {
    var place = document.querySelector("[data-release]"), own = place && place.dataset.release;
    var state = window.talentcastSite;
    if (!own || !state) return;
    var reason = state.retracted[own], said = "";
    if (reason !== undefined) said = "Release " + own + " was retracted" + (reason ? ": " + reason : "") + ". Do not use its numbers.";
    else if (state.latest !== own) said = "Release " + own + " is not the latest one.";
    if (!said) return;
    var box = document.createElement("p"), link = document.createElement("a");
    box.className = "tc-notice";
    box.setAttribute("role", "status");
    box.textContent = said + " ";
    link.textContent = "Show the latest.";
    link.href = place.dataset.top + "index.html";
    box.append(link);
    place.prepend(box);
  }

  function tips() {
    var tip = null;
    function hide() { if (tip) { tip.remove(); tip = null; } }
    document.addEventListener("pointerover", function (event) {
      var said = event.target.getAttribute && event.target.getAttribute("data-t");
      hide();
      if (!said) return;
      tip = document.createElement("div");
      tip.className = "tip";
      tip.setAttribute("aria-hidden", "true");
      tip.textContent = said;
      document.body.append(tip);
      var at = event.target.getBoundingClientRect(), box = tip.getBoundingClientRect();
      tip.style.left = Math.max(4, Math.min(at.left + 12, innerWidth - box.width - 4)) + "px";
      tip.style.top = (at.top - box.height - 6 > 0 ? at.top - box.height - 6 : at.bottom + 6) + "px";
    });
    document.addEventListener("scroll", hide, { passive: true });
  }
})();
